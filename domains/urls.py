"""Routes of domains, below `/t/<tenant_id>/`."""

from django.urls import URLPattern, path

from domains.views import acts, managers, pages

app_name = "domains"
urlpatterns: list[URLPattern] = [
    path("domains/", pages.list_domains, name="list"),
    path("domains/export.csv", pages.export, name="export"),
    path("domains/add/", pages.add, name="add"),
    path("domains/<int:domain_id>/", pages.detail, name="detail"),
    path("domains/<int:domain_id>/check/", acts.check, name="check"),
    path("domains/<int:domain_id>/vouch/", acts.vouch, name="vouch"),
    path("domains/<int:domain_id>/suspend/", acts.suspend, name="suspend"),
    path("domains/<int:domain_id>/unsuspend/", acts.unsuspend, name="unsuspend"),
    path("domains/<int:domain_id>/remove/", pages.remove, name="remove"),
    path("domains/<int:domain_id>/undelete/", acts.undelete, name="undelete"),
    path("domains/<int:domain_id>/alias/", acts.make_alias, name="alias"),
    path("domains/<int:domain_id>/alias/end/", acts.unmake_alias, name="alias_end"),
    path("domains/<int:domain_id>/managers/add/", acts.grant, name="grant"),
    path("domains/<int:domain_id>/managers/<int:membership_id>/end/", acts.revoke, name="revoke"),
    path("team/<int:member_id>/domains/", managers.managed, name="managed"),
    path("team/<int:member_id>/domains/<int:domain_id>/end/", managers.managed_end, name="managed_end"),
]
