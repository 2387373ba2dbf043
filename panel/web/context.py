"""What every page of the panel needs."""

from typing import Any

from django.http import HttpRequest


def shell(request: HttpRequest) -> dict[str, Any]:
    return {"access": getattr(request, "access", None)}
