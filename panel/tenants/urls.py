"""Routes of tenants and their teams, below `/t/<tenant_id>/`."""

from django.urls import URLPattern, path

from panel.tenants import audit_views, team_views, views

app_name = "tenants"
urlpatterns: list[URLPattern] = [
    path("tenants/", views.tenant_list, name="list"),
    path("tenants/add/", views.add, name="add"),
    path("settings/", views.settings, name="settings"),
    path("suspend/", views.suspend, name="suspend"),
    path("unsuspend/", views.unsuspend, name="unsuspend"),
    path("audit/", audit_views.audit, name="audit"),
    path("team/", team_views.team, name="team"),
    path("team/add/", team_views.add, name="member_add"),
    path("team/<int:member_id>/", team_views.member, name="member"),
    path("team/<int:member_id>/remove/", team_views.remove, name="member_remove"),
    path("team/<int:member_id>/reset/", team_views.reset, name="member_reset"),
]
