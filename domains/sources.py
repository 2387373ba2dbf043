"""What sends mail into a domain: known to the app above, which lends the answers by name (settings)."""

from django.conf import settings
from django.utils.module_loading import import_string

from domains.models import Domain


def sources_into(domain: Domain) -> list[str]:
    """The addresses of the tenant outside `domain` that send mail on into it; `@domain` is a catch-all."""
    sources: list[str] = import_string(settings.DOMAIN_SOURCES)(domain)
    return sources


def forget_domain(domain: Domain) -> None:
    """End that for a domain that goes for good. Must be called inside a transaction."""
    import_string(settings.DOMAIN_FORGET)(domain)
