"""The register of pages: every named route that answers GET is visited in the browser.

A new page joins with one line in PAGES; a route that only takes POST, or that is no page, joins
NOT_PAGES with its reason. tests/browser/test_pages.py fails for a route that is in neither.
"""

from dataclasses import dataclass, field

OK, FORBIDDEN, MISSING = 200, 403, 404


@dataclass(frozen=True)
class Page:
    """`route` as in `{% url %}`; `args` are URL arguments, each the name of a row of world.py (or plain
    text); `person` is one of its cast, or "" for nobody."""

    name: str
    route: str
    person: str
    args: dict[str, str] = field(default_factory=dict)
    query: str = ""
    status: int = OK


PAGES = [
    Page("overview-operator", "web:overview", "ops_admin", {"tenant_id": "operator"}),
    Page("overview-reseller", "web:overview", "north_admin", {"tenant_id": "north"}),
    Page("overview-client", "web:overview", "alder_admin", {"tenant_id": "alder"}),
    Page("overview-first-use", "web:overview", "cedar_admin", {"tenant_id": "cedar"}),
    Page("no-tenant", "web:home", "nobody", status=FORBIDDEN),
    Page("help", "web:help", ""),
    Page(
        "error-403",
        "web:overview",
        "alder_manager",
        {"tenant_id": "alder"},
        status=FORBIDDEN,
    ),
    Page(
        "error-404",
        "web:overview",
        "alder_admin",
        {"tenant_id": "birch"},
        status=MISSING,
    ),
]

NOT_PAGES = {
    "web:theme": "POST only",
    "web:health": "plain text for load balancers",
}
