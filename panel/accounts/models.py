"""People who sign in, and what guards the door."""

import secrets
from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser
from django.db import models
from django.utils.crypto import salted_hmac


def new_stamp() -> str:
    return secrets.token_hex(16)


class UserKind(models.TextChoices):
    MEMBER = "member", "Member"
    MAILBOX = "mailbox", "Mailbox user"


class User(AbstractBaseUser):
    """A principal. A member has a password here; a mailbox user signs in with the mailbox's own
    password and has a row only so that sessions and second factors have something to hang on.
    A member and a mailbox user may share an address and stay two principals."""

    kind = models.CharField(max_length=8, choices=UserKind, default=UserKind.MEMBER)
    email = models.EmailField(max_length=254)
    name = models.CharField(max_length=120, blank=True)
    is_active = models.BooleanField(default=True)
    must_change_password = models.BooleanField(default=False)
    # The password was set by a mailed link, so by whoever reads the mail of `email`. Until then an admin
    # who handed out a password may know it, and may have typed any address.
    has_proved_address = models.BooleanField(default=False)
    # Changed whenever a credential changes: sessions made before it end at once.
    stamp = models.CharField(max_length=32, default=new_stamp)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar = []

    # Not a field: the backend that signs somebody in sets it to the tenant whose audit trail tells of
    # the session, for `panel.accounts` knows no tenants.
    trail_tenant_id: int | None = None

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["email"], condition=models.Q(kind="member"), name="one_member_per_email"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["email"], name="user_by_email")]

    def __str__(self) -> str:
        return self.email

    def set_password(self, raw_password: str | None) -> None:
        """Ends the sessions too, once it is saved."""
        super().set_password(raw_password)
        self.stamp = new_stamp()

    def get_session_auth_hash(self) -> str:
        """By the stamp alone. It covers a mailbox user's password too, which is not stored here; and a hash
        that is made anew for a higher cost ends no session, for the password stays."""
        return salted_hmac("posthouse.session", self.stamp, algorithm="sha256").hexdigest()

    def get_session_auth_fallback_hash(self):  # type: ignore[no-untyped-def]  # noqa: ANN201, D102 -- untyped in Django
        return iter(())


class SignInFailure(models.Model):
    """Failed sign-ins of the present window, counted by key: an account, a network, a known browser, or
    account and network together. One row per key."""

    # A keyed digest of kind and value, so that the table tells nothing.
    key = models.CharField(max_length=64, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    window_started_at = models.DateTimeField()
    # 16 bits of a keyed digest of the last wrong password: enough to see that the same one comes again
    # (a password manager that was not told), and too few to find out what it was.
    last_guess = models.CharField(max_length=4, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["window_started_at"], name="sign_in_failure_by_age")]

    def __str__(self) -> str:
        return f"{self.key[:8]}: {self.failures}"


class PasswordReset(models.Model):
    """Somebody asked for a single-use link to a new password. A row without a user stands for an address
    that nobody has here: asking costs the same, so that the answer tells nothing.

    Only the digest of the link's secret is stored. It is made by the job that mails it, so that it never
    passes through the broker; a job that died before `sent_at` is done again with a new secret.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="password_resets")
    digest = models.CharField(max_length=64, unique=True, null=True)  # noqa: DJ001 -- null is "not made yet", and unique
    created_at = models.DateTimeField(auto_now_add=True)
    lease_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    # Used, or void because of a newer link or another change of the password.
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["created_at"],
                condition=models.Q(sent_at=None, ended_at=None, user__isnull=False),
                name="reset_to_send",
            ),
            models.Index(fields=["expires_at"], name="reset_by_expiry"),
        ]

    def __str__(self) -> str:
        return f"reset for {self.user_id}"
