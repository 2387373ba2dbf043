"""What of this installation's settings stands in customers' records."""

from domains.records import Installation
from panel.environment import environment


def this_installation() -> Installation:
    host = environment.mail_host.lower().rstrip(".")
    terms = tuple(environment.spf_terms) or (f"a:{host}",)
    return Installation(host, terms, environment.mail_port_offset)
