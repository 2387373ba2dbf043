"""All routes."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("panel.web.urls")),
    path("", include("panel.accounts.urls")),
    path("t/<int:tenant_id>/", include("panel.tenants.urls")),
    path("t/<int:tenant_id>/", include("domains.urls")),
    path("t/<int:tenant_id>/", include("mailboxes.urls")),
    path("t/<int:tenant_id>/", include("panel.bulk.urls")),
    path("me/", include("mailboxes.self_service_urls")),
]

handler400 = "panel.web.errors.bad_request"
handler403 = "panel.web.errors.permission_denied"
handler404 = "panel.web.errors.page_not_found"
handler500 = "panel.web.errors.server_error"
