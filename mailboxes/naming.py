"""Which rows name an address of ours."""

from collections.abc import Iterable

from django.db.models import Q


def named(field: str, local_part: str, domains: Iterable[str]) -> Q:
    """Rows whose `field` is `local_part` in one of the domains, or a sub-address of it."""
    # The sub-addresses as a range of the index: "," follows "+".
    tagged = Q(**{f"{field}__gt": f"{local_part}+", f"{field}__lt": f"{local_part},"})
    names = Q(pk__in=[])
    for domain in domains:
        names |= Q(**{field: f"{local_part}@{domain}"}) | (tagged & Q(**{f"{field}__endswith": f"@{domain}"}))
    return names
