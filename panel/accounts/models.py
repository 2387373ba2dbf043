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
    # Changed whenever a credential changes: sessions made before it end at once.
    stamp = models.CharField(max_length=32, default=new_stamp)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar = []

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["email"], condition=models.Q(kind="member"), name="one_member_per_email"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["email"], name="user_by_email")]

    def __str__(self) -> str:
        return self.email

    def get_session_auth_hash(self) -> str:
        """The stamp covers a mailbox user's password too, which is not stored here."""
        return salted_hmac("posthouse.session", f"{self.password}{self.stamp}", algorithm="sha256").hexdigest()

    def get_session_auth_fallback_hash(self):  # type: ignore[no-untyped-def]  # noqa: ANN201, D102 -- untyped in Django
        return iter(())


class SignInFailure(models.Model):
    """Failed sign-ins counted by key: an account, a network, or the pair. One row per key."""

    # SHA-256 of kind and value, so that the table tells nothing.
    key = models.CharField(max_length=64, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    window_started_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.key[:8]}: {self.failures}"


class PasswordReset(models.Model):
    """A single-use link to a new password. Only the digest of its secret is stored."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="password_resets")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"reset for {self.user_id}"
