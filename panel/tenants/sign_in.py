"""How members sign in."""

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from panel.accounts.models import User, UserKind
from panel.accounts.passwords import is_right, spend_the_time_of_a_check
from panel.tenants.models import Membership
from panel.tenants.suspension import open_memberships


class MemberBackend(BaseBackend):
    """Lets in a member by address and password, as long as one membership is open to them."""

    def authenticate(
        self, request: HttpRequest | None, email: str = "", password: str = "", **_: object
    ) -> User | None:
        """The member, or None. An address that nobody has takes as long as a wrong password."""
        user = User.objects.filter(kind=UserKind.MEMBER, email=email).first()
        if user is None:
            spend_the_time_of_a_check(password)
            return None
        if not is_right(password, user.password)[0] or not user.is_active:
            return None
        membership = open_memberships(user).order_by("pk").first()
        if membership is None and Membership.objects.filter(user=user).exists():
            return None
        user.trail_tenant_id = membership.tenant_id if membership else None
        return user

    def get_user(self, user_id: int) -> User | None:
        return User.objects.filter(pk=user_id, kind=UserKind.MEMBER, is_active=True).first()
