"""Routes of self-service, below `/me/`."""

from django.urls import URLPattern, path

from mailboxes.views import self_service

app_name = "me"
urlpatterns: list[URLPattern] = [
    path("", self_service.home, name="home"),
    path("password/", self_service.password, name="password"),
    path("forwarding/", self_service.forwarding, name="forwarding"),
    path("settings/", self_service.settings, name="settings"),
    path("settings/apple.mobileconfig", self_service.apple, name="apple"),
]
