"""Routes of bulk changes, below `/t/<tenant_id>/`."""

from django.urls import URLPattern, path

from panel.bulk import views

app_name = "bulk"
urlpatterns: list[URLPattern] = [
    path("mailboxes/change/", views.change, name="change"),
    path("jobs/", views.list_jobs, name="list"),
    path("jobs/<int:job_id>/", views.detail, name="detail"),
    path("jobs/<int:job_id>/stop/", views.stop, name="stop"),
    path("jobs/<int:job_id>/resume/", views.resume, name="resume"),
    path("jobs/<int:job_id>/undo/", views.undo, name="undo"),
]
