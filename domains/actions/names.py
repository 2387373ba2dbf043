"""Two domains of a tenant that change names: what belongs to a name goes with it."""

from domains.models import Domain

# The proof was given for the name, not for what lies in the domain.
_OF_THE_NAME = (
    "name",
    "proof_token",
    "proved_at",
    "is_vouched",
    "proof_result",
    "proof_seen",
    "proof_checked_at",
    "proof_attempts",
)


def swap_names(one: Domain, other: Domain) -> None:
    """Give each of the two the name of the other, with its proof. Must be called inside a transaction
    that holds both; the trail is the caller's."""
    of_one = {field: getattr(one, field) for field in _OF_THE_NAME}
    of_other = {field: getattr(other, field) for field in _OF_THE_NAME}
    # A name is unique among proved domains at every moment. RFC 6761 6.4: nobody can have claimed this one.
    Domain.objects.filter(pk=one.pk).update(name=f"{one.pk}.invalid")
    for row, fields in ((other, of_one), (one, of_other)):
        Domain.objects.filter(pk=row.pk).update(**fields)
        for field, value in fields.items():
            setattr(row, field, value)
