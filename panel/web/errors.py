"""Error pages: what is, what to do, and the request's id. None of them needs the database."""

from django.http import HttpRequest, HttpResponse
from django.template import loader

from panel.audit.middleware import request_id
from panel.web.theme import theme_of


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, "errors/400.html", 400)


def too_large(request: HttpRequest) -> HttpResponse:
    return _page(request, "errors/413.html", 413)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, "errors/403.html", 403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, "errors/404.html", 404)


def server_error(request: HttpRequest) -> HttpResponse:
    return _page(request, "errors/500.html", 500)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form's protection token is missing or old: nothing was done."""
    return _page(request, "errors/403_csrf.html", 403)


def _page(request: HttpRequest, template: str, status: int) -> HttpResponse:
    """Rendered without the request, so that no context processor can ask the database."""
    context = {
        "theme": theme_of(request),
        "request_id": request_id(),
        "path": request.path,
    }
    return HttpResponse(loader.render_to_string(template, context), status=status)
