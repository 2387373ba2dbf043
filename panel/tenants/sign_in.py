"""How members sign in."""

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from panel.accounts import shut_out
from panel.accounts.actions import upgrade_hash
from panel.accounts.models import User, UserKind
from panel.accounts.passwords import is_right, spend_the_time_of_a_check
from panel.tenants.suspension import open_memberships, why_shut_out


class MemberBackend(BaseBackend):
    """Lets in a member by address and password, as long as one membership is open to them. One who never
    had a membership, or has lost them all, comes in too: home says so, and nothing else opens."""

    def authenticate(
        self, request: HttpRequest | None, email: str = "", password: str = "", **_: object
    ) -> User | None:
        """The member, or None. An address that nobody has takes as long as a wrong password, and only the
        right one learns why it opens nothing."""
        user = User.objects.filter(kind=UserKind.MEMBER, email=email).first()
        if user is None:
            spend_the_time_of_a_check(password)
            return None
        right, is_outdated = is_right(password, user.password)
        if not right:
            return None
        reason = why_shut_out(user)
        if reason:
            shut_out.tell(request, reason)
            return None
        if is_outdated:
            upgrade_hash(user, password)
        membership = open_memberships(user).order_by("pk").first()
        user.trail_tenant_id = membership.tenant_id if membership else None
        return user

    def get_user(self, user_id: int) -> User | None:
        return User.objects.filter(pk=user_id, kind=UserKind.MEMBER, is_active=True).first()
