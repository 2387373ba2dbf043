"""Light, dark, or as the reader's system has it."""

from django.http import HttpRequest, HttpResponse

COOKIE = "theme"
THEMES = ("light", "dark")
YEAR_SECONDS = 365 * 24 * 3600


def theme_of(request: HttpRequest) -> str:
    """`light`, `dark`, or the empty string for the system's choice."""
    chosen = request.COOKIES.get(COOKIE, "")
    return chosen if chosen in THEMES else ""


def keep_theme(response: HttpResponse, theme: str, *, secure: bool) -> None:
    """Remember a theme for a year; anything but light and dark forgets it."""
    if theme in THEMES:
        response.set_cookie(
            COOKIE,
            theme,
            max_age=YEAR_SECONDS,
            httponly=True,
            secure=secure,
            samesite="Lax",
        )
    else:
        response.delete_cookie(COOKIE, samesite="Lax")
