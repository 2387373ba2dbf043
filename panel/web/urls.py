"""Routes of web."""

from django.urls import URLPattern, path

from panel.web import views

app_name = "web"
urlpatterns: list[URLPattern] = [
    path("", views.home, name="home"),
    path("t/<int:tenant_id>/", views.overview, name="overview"),
    path("t/<int:tenant_id>/search/", views.search_page, name="search"),
    path("help/", views.help_page, name="help"),
    path("theme/", views.choose_theme, name="theme"),
    path("healthz", views.health, name="health"),
]
