"""What every page of the panel needs."""

from functools import partial
from typing import Any

from django.http import HttpRequest

from panel.audit.middleware import request_id
from panel.bulk.running import running_job
from panel.web.navigation import home_of, places, sections
from panel.web.theme import theme_of


def shell(request: HttpRequest) -> dict[str, Any]:
    """`access` (or None), `tenant_home` (where its person starts), `theme`, `request_id`, and
    callables that work only in a template that shows them: `nav_sections` for the sidebar,
    `tenant_places` for the switcher, `running_job` for the foot of the sidebar."""
    access = getattr(request, "access", None)
    return {
        "access": access,
        "tenant_home": home_of(access.tenant, access.role) if access else "",
        "theme": theme_of(request),
        "request_id": request_id(),
        "nav_sections": partial(sections, access, request.path),
        "running_job": partial(running_job, access, request.path),
        "tenant_places": partial(places, request, access),
    }
