"""Routes of signing in and of members' passwords."""

from django.urls import path

from panel.accounts import views

app_name = "accounts"
urlpatterns = [
    path("sign-in/", views.sign_in, name="sign_in"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("signed-out/", views.signed_out, name="signed_out"),
    path("password/change/", views.change_password, name="change_password"),
    path("password/forgot/", views.forgot, name="forgot"),
    path("password/reset/", views.reset, name="reset"),
    path("password/reset/<str:secret>/", views.reset_link, name="reset_link"),
]
