"""Routes of self-service, below `/me/`."""

from django.urls import URLPattern, path

from mailboxes.views import self_service

app_name = "me"
urlpatterns: list[URLPattern] = [
    path("", self_service.home, name="home"),
    path("password/", self_service.password, name="password"),
    path("forwarding/", self_service.forwarding, name="forwarding"),
    path("vacation/", self_service.vacation, name="vacation"),
    path("vacation/switch/", self_service.vacation_switch, name="vacation_switch"),
    path("vacation/undo/<int:version>/", self_service.vacation_undo, name="vacation_undo"),
    path("settings/", self_service.settings, name="settings"),
    path("settings/apple.mobileconfig", self_service.apple, name="apple"),
]
