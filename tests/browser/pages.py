"""The register of pages: every named route that answers GET is visited in the browser.

A new page joins with one line in PAGES; a route that only takes POST, or that is no page, joins
NOT_PAGES with its reason. tests/browser/test_pages.py fails for a route that is in neither.
"""

from dataclasses import dataclass, field

from tests.factories import PASSWORD

OK, FORBIDDEN, MISSING, GONE, UNPROCESSABLE, TOO_MANY = 200, 403, 404, 410, 422, 429


@dataclass(frozen=True)
class Page:
    """`route` as in `{% url %}`; `args` are URL arguments, each the name of a row of world.py (or plain
    text); `person` is one of its cast, or "" for nobody. With `typed` the page is the answer to its form,
    filled in by field name ("{variant}" keeps the variants apart), and `status` that of the answer."""

    name: str
    route: str
    person: str
    args: dict[str, str] = field(default_factory=dict)
    query: str = ""
    status: int = OK
    typed: dict[str, str] = field(default_factory=dict)


WRONG = {"email": "ines-alder@mail.example", "password": "not my password"}
HAMMERED = {"email": "hammered@mail.example", "password": "not my password"}
SUSPENDED = {"email": "bea@birch-dental.example", "password": PASSWORD}
TWO_WORDS = {"new": "ledger canyon orbit", "again": "ledger canyon orbits"}

PAGES = [
    Page("domains-operator", "domains:list", "ops_admin", {"tenant_id": "operator"}),
    Page("domains-client", "domains:list", "alder_admin", {"tenant_id": "alder"}),
    Page("domains-removed", "domains:list", "alder_admin", {"tenant_id": "alder"}, query="?state=removed"),
    Page("domains-no-match", "domains:list", "alder_admin", {"tenant_id": "alder"}, query="?q=zzz"),
    Page("domains-first-use", "domains:list", "cedar_admin", {"tenant_id": "cedar"}),
    Page("domain-add", "domains:add", "alder_admin", {"tenant_id": "alder"}),
    Page("domain", "domains:detail", "alder_admin", {"tenant_id": "alder", "domain_id": "domain"}),
    Page("domain-waiting", "domains:detail", "ops_admin", {"tenant_id": "alder", "domain_id": "pending"}),
    Page("domain-suspended", "domains:detail", "alder_admin", {"tenant_id": "alder", "domain_id": "held"}),
    Page("domain-removed", "domains:detail", "alder_admin", {"tenant_id": "alder", "domain_id": "removed"}),
    Page("domain-manager", "domains:detail", "alder_manager", {"tenant_id": "alder", "domain_id": "domain"}),
    Page("domain-remove", "domains:remove", "alder_admin", {"tenant_id": "alder", "domain_id": "domain"}),
    Page(
        "domain-alias", "domains:detail", "alder_admin", {"tenant_id": "alder", "domain_id": "alias_domain"}
    ),
    Page(
        "domain-main-name",
        "mailboxes:rename_domain",
        "alder_admin",
        {"tenant_id": "alder", "domain_id": "alias_domain"},
    ),
    Page("mailboxes", "mailboxes:list", "alder_admin", {"tenant_id": "alder"}),
    Page("mailboxes-no-match", "mailboxes:list", "alder_admin", {"tenant_id": "alder"}, query="?q=zzz"),
    Page("mailboxes-first-use", "mailboxes:list", "cedar_admin", {"tenant_id": "cedar"}),
    Page("mailboxes-all-selected", "mailboxes:list", "alder_admin", {"tenant_id": "alder"}, query="?all=1"),
    Page(
        "bulk-delete",
        "bulk:change",
        "alder_admin",
        {"tenant_id": "alder"},
        query="?act=delete&all=1&q=&state=&domain=",
    ),
    Page(
        "bulk-quota",
        "bulk:change",
        "alder_admin",
        {"tenant_id": "alder"},
        query="?act=quota&all=1&q=person&state=&domain=",
    ),
    Page(
        "bulk-quota-error",
        "bulk:change",
        "alder_admin",
        {"tenant_id": "alder"},
        query="?act=quota&all=1&q=&state=&domain=",
        status=UNPROCESSABLE,
        typed={"quota_bytes": "0"},
    ),
    Page(
        "bulk-state",
        "bulk:change",
        "alder_admin",
        {"tenant_id": "alder"},
        query="?act=state&all=1&q=&state=&domain=",
    ),
    Page(
        "bulk-protocols",
        "bulk:change",
        "alder_admin",
        {"tenant_id": "alder"},
        query="?act=protocols&all=1&q=&state=&domain=",
    ),
    Page("bulk-changes", "bulk:list", "alder_admin", {"tenant_id": "alder"}),
    Page("bulk-changes-first-use", "bulk:list", "cedar_admin", {"tenant_id": "cedar"}),
    Page("bulk-running", "bulk:detail", "alder_admin", {"tenant_id": "alder", "job_id": "job_running"}),
    Page("bulk-done", "bulk:detail", "alder_admin", {"tenant_id": "alder", "job_id": "job_done"}),
    Page("bulk-stopped", "bulk:detail", "alder_reader", {"tenant_id": "alder", "job_id": "job_stopped"}),
    Page("mailbox-add", "mailboxes:add", "alder_admin", {"tenant_id": "alder"}),
    Page("mailbox-add-no-domain", "mailboxes:add", "cedar_admin", {"tenant_id": "cedar"}),
    Page("mailbox", "mailboxes:detail", "alder_admin", {"tenant_id": "alder", "mailbox_id": "ann"}),
    Page("mailbox-reader", "mailboxes:detail", "alder_reader", {"tenant_id": "alder", "mailbox_id": "bob"}),
    Page(
        "mailbox-deleted", "mailboxes:detail", "alder_admin", {"tenant_id": "alder", "mailbox_id": "deleted"}
    ),
    Page("mailbox-history", "mailboxes:history", "alder_admin", {"tenant_id": "alder", "mailbox_id": "ann"}),
    Page(
        "mailbox-password", "mailboxes:password", "alder_admin", {"tenant_id": "alder", "mailbox_id": "ann"}
    ),
    Page("mailbox-rename", "mailboxes:rename", "alder_admin", {"tenant_id": "alder", "mailbox_id": "ann"}),
    Page(
        "mailbox-rename-error",
        "mailboxes:rename",
        "alder_admin",
        {"tenant_id": "alder", "mailbox_id": "ann"},
        status=UNPROCESSABLE,
        typed={"local_part": "office"},
    ),
    Page("mailbox-delete", "mailboxes:delete", "alder_admin", {"tenant_id": "alder", "mailbox_id": "ann"}),
    Page("tenants-operator", "tenants:list", "ops_admin", {"tenant_id": "operator"}),
    Page("tenants-open", "tenants:list", "ops_admin", {"tenant_id": "operator"}, query="?open=2"),
    Page("tenants-clients", "tenants:list", "north_admin", {"tenant_id": "north"}),
    Page("tenants-found", "tenants:list", "ops_admin", {"tenant_id": "operator"}, query="?q=client"),
    Page(
        "tenants-suspended",
        "tenants:list",
        "ops_support",
        {"tenant_id": "operator"},
        query="?state=suspended",
    ),
    Page("tenants-near", "tenants:list", "ops_admin", {"tenant_id": "operator"}, query="?state=near"),
    Page("tenants-no-match", "tenants:list", "north_admin", {"tenant_id": "north"}, query="?q=zzz"),
    Page("tenants-first-use", "tenants:list", "west_admin", {"tenant_id": "west"}),
    Page("tenant-add", "tenants:add", "ops_admin", {"tenant_id": "operator"}),
    Page("tenant-settings-own", "tenants:settings", "alder_admin", {"tenant_id": "alder"}),
    Page("tenant-settings-above", "tenants:settings", "north_admin", {"tenant_id": "alder"}),
    Page("tenant-settings-reseller", "tenants:settings", "ops_admin", {"tenant_id": "north"}),
    Page("tenant-settings-suspended", "tenants:settings", "north_admin", {"tenant_id": "birch"}),
    Page("tenant-settings-reader", "tenants:settings", "alder_reader", {"tenant_id": "alder"}),
    Page("tenant-suspend", "tenants:suspend", "ops_admin", {"tenant_id": "north"}),
    Page("team", "tenants:team", "alder_admin", {"tenant_id": "alder"}),
    Page("team-reader", "tenants:team", "alder_reader", {"tenant_id": "alder"}),
    Page("team-no-match", "tenants:team", "alder_admin", {"tenant_id": "alder"}, query="?q=zzz"),
    Page("team-nobody", "tenants:team", "north_admin", {"tenant_id": "birch"}),
    Page("member-add", "tenants:member_add", "alder_admin", {"tenant_id": "alder"}),
    Page(
        "member", "tenants:member", "alder_admin", {"tenant_id": "alder", "member_id": "manager_membership"}
    ),
    Page(
        "member-self",
        "tenants:member",
        "alder_admin",
        {"tenant_id": "alder", "member_id": "admin_membership"},
    ),
    Page(
        "member-remove",
        "tenants:member_remove",
        "alder_admin",
        {"tenant_id": "alder", "member_id": "reader_membership"},
    ),
    Page(
        "member-domains",
        "domains:managed",
        "alder_admin",
        {"tenant_id": "alder", "member_id": "manager_membership"},
    ),
    Page("audit", "tenants:audit", "alder_admin", {"tenant_id": "alder"}),
    Page("audit-above", "tenants:audit", "ops_admin", {"tenant_id": "operator"}),
    Page("audit-no-match", "tenants:audit", "alder_admin", {"tenant_id": "alder"}, query="?who=zzz"),
    Page(
        "audit-error",
        "tenants:audit",
        "alder_admin",
        {"tenant_id": "alder"},
        query="?since=2026-03-25&until=2026-03-24",
        status=UNPROCESSABLE,
    ),
    Page("audit-nothing", "tenants:audit", "cedar_admin", {"tenant_id": "cedar"}),
    Page("aliases", "mailboxes:aliases", "alder_admin", {"tenant_id": "alder"}),
    Page("aliases-reader", "mailboxes:aliases", "alder_reader", {"tenant_id": "alder"}),
    Page("aliases-no-match", "mailboxes:aliases", "alder_admin", {"tenant_id": "alder"}, query="?q=zzz"),
    Page("aliases-first-use", "mailboxes:aliases", "cedar_admin", {"tenant_id": "cedar"}),
    Page("alias-add", "mailboxes:alias_add", "alder_admin", {"tenant_id": "alder"}),
    Page("alias-add-no-domain", "mailboxes:alias_add", "cedar_admin", {"tenant_id": "cedar"}),
    Page("alias", "mailboxes:alias_edit", "alder_admin", {"tenant_id": "alder", "alias_id": "alias"}),
    Page("alias-reader", "mailboxes:alias_edit", "alder_reader", {"tenant_id": "alder", "alias_id": "alias"}),
    Page(
        "alias-catch-all",
        "mailboxes:alias_edit",
        "alder_admin",
        {"tenant_id": "alder", "alias_id": "catch_all"},
    ),
    Page(
        "alias-delete", "mailboxes:alias_delete", "alder_admin", {"tenant_id": "alder", "alias_id": "alias"}
    ),
    Page("catch-all", "mailboxes:catch_all", "alder_admin", {"tenant_id": "alder", "domain_id": "domain"}),
    Page(
        "catch-all-reader",
        "mailboxes:catch_all",
        "alder_reader",
        {"tenant_id": "alder", "domain_id": "domain"},
    ),
    Page("vacation", "mailboxes:vacation", "alder_admin", {"tenant_id": "alder", "mailbox_id": "ann"}),
    Page(
        "vacation-reader", "mailboxes:vacation", "alder_reader", {"tenant_id": "alder", "mailbox_id": "bob"}
    ),
    Page("forwarding", "mailboxes:forwarding", "alder_admin", {"tenant_id": "alder", "mailbox_id": "ann"}),
    Page(
        "forwarding-reader",
        "mailboxes:forwarding",
        "alder_reader",
        {"tenant_id": "alder", "mailbox_id": "bob"},
    ),
    Page(
        "mailbox-addresses", "mailboxes:addresses", "alder_admin", {"tenant_id": "alder", "mailbox_id": "bob"}
    ),
    Page("send-as", "mailboxes:send_as", "alder_admin", {"tenant_id": "alder", "mailbox_id": "ann"}),
    Page("send-as-reader", "mailboxes:send_as", "alder_reader", {"tenant_id": "alder", "mailbox_id": "bob"}),
    Page(
        "tenant-add-error",
        "tenants:add",
        "north_admin",
        {"tenant_id": "north"},
        status=UNPROCESSABLE,
        typed={"name": "Birch Dental"},
    ),
    Page(
        "tenant-settings-error",
        "tenants:settings",
        "north_admin",
        {"tenant_id": "alder"},
        status=UNPROCESSABLE,
        typed={"max_mailboxes": "3"},
    ),
    Page(
        "tenant-suspend-error",
        "tenants:suspend",
        "north_admin",
        {"tenant_id": "alder"},
        status=UNPROCESSABLE,
        typed={"reason": " "},
    ),
    Page(
        "member-add-error",
        "tenants:member_add",
        "alder_admin",
        {"tenant_id": "alder"},
        status=UNPROCESSABLE,
        typed={"email": "nobody"},
    ),
    Page(
        "member-secret",
        "tenants:member_add",
        "alder_admin",
        {"tenant_id": "alder"},
        status=OK,
        typed={"email": "nell-{variant}@mail.example", "role": "domain_manager"},
    ),
    Page(
        "member-domains-error",
        "domains:managed",
        "alder_admin",
        {"tenant_id": "alder", "member_id": "manager_membership"},
        status=UNPROCESSABLE,
        typed={"domain": ""},
    ),
    Page(
        "alias-add-error",
        "mailboxes:alias_add",
        "alder_admin",
        {"tenant_id": "alder"},
        status=UNPROCESSABLE,
        typed={"local_part": "info", "destinations": "ann@alder.example\n|cmd"},
    ),
    Page(
        "alias-error",
        "mailboxes:alias_edit",
        "alder_admin",
        {"tenant_id": "alder", "alias_id": "alias"},
        status=UNPROCESSABLE,
        typed={"destinations": "/file"},
    ),
    Page(
        "catch-all-error",
        "mailboxes:catch_all",
        "alder_admin",
        {"tenant_id": "alder", "domain_id": "domain"},
        status=UNPROCESSABLE,
        typed={"destinations": "two@@at"},
    ),
    Page(
        "forwarding-error",
        "mailboxes:forwarding",
        "alder_admin",
        {"tenant_id": "alder", "mailbox_id": "ann"},
        status=UNPROCESSABLE,
        typed={"destinations": "a b"},
    ),
    Page(
        "send-as-error",
        "mailboxes:send_as",
        "alder_admin",
        {"tenant_id": "alder", "mailbox_id": "ann"},
        status=UNPROCESSABLE,
        typed={"sender": "x@birch.example"},
    ),
    Page("me", "me:home", "ann"),
    Page("me-password", "me:password", "ann"),
    Page("me-forwarding", "me:forwarding", "ann"),
    Page("me-vacation", "me:vacation", "ann"),
    Page("me-settings", "me:settings", "ann"),
    Page("overview-operator", "web:overview", "ops_admin", {"tenant_id": "operator"}),
    Page("overview-reseller", "web:overview", "north_admin", {"tenant_id": "north"}),
    Page("overview-client", "web:overview", "alder_admin", {"tenant_id": "alder"}),
    Page("overview-first-use", "web:overview", "cedar_admin", {"tenant_id": "cedar"}),
    Page("search", "web:search", "ops_admin", {"tenant_id": "operator"}, query="?q=al"),
    Page("search-no-match", "web:search", "alder_admin", {"tenant_id": "alder"}, query="?q=zzz"),
    Page("no-tenant", "web:home", "nobody", status=FORBIDDEN),
    Page("no-tenant-suspended", "web:home", "birch_admin", status=FORBIDDEN),
    Page("sign-in", "accounts:sign_in", ""),
    Page("sign-in-wrong", "accounts:sign_in", "", typed=WRONG, status=UNPROCESSABLE),
    Page("sign-in-throttled", "accounts:sign_in", "", typed=HAMMERED, status=TOO_MANY),
    Page("sign-in-suspended", "accounts:sign_in", "", typed=SUSPENDED, status=UNPROCESSABLE),
    Page("signed-out", "accounts:signed_out", ""),
    Page("password-forgot", "accounts:forgot", ""),
    Page("password-forgot-sent", "accounts:forgot", "", typed={"email": "someone-{variant}@mail.example"}),
    Page("password-reset", "accounts:reset_link", "", {"secret": "open-link"}),
    Page(
        "password-reset-error",
        "accounts:reset_link",
        "",
        {"secret": "open-link"},
        status=UNPROCESSABLE,
        typed=TWO_WORDS,
    ),
    Page("password-reset-ended", "accounts:reset", "", status=GONE),
    Page("password-change", "accounts:change_password", "alder_admin"),
    Page("password-change-first", "accounts:change_password", "new_admin"),
    Page(
        "password-change-wrong",
        "accounts:change_password",
        "alder_admin",
        status=UNPROCESSABLE,
        typed={"old": "not my password", "new": "ledger canyon orbit", "again": "ledger canyon orbit"},
    ),
    Page("help", "web:help", ""),
    Page(
        "error-403",
        "web:overview",
        "alder_manager",
        {"tenant_id": "alder"},
        status=FORBIDDEN,
    ),
    Page(
        "error-404",
        "web:overview",
        "alder_admin",
        {"tenant_id": "birch"},
        status=MISSING,
    ),
]

NOT_PAGES = {
    "accounts:sign_out": "POST only",
    "tenants:unsuspend": "POST only",
    "tenants:member_reset": "POST only",
    "bulk:stop": "POST only",
    "bulk:resume": "POST only",
    "bulk:undo": "POST only",
    "domains:check": "POST only",
    "domains:vouch": "POST only",
    "domains:suspend": "POST only",
    "domains:unsuspend": "POST only",
    "domains:undelete": "POST only",
    "domains:alias": "POST only",
    "domains:alias_end": "POST only",
    "domains:grant": "POST only",
    "domains:revoke": "POST only",
    "domains:managed_end": "POST only",
    "mailboxes:alias_switch": "POST only",
    "mailboxes:send_as_revoke": "POST only",
    "mailboxes:state": "POST only",
    "mailboxes:undelete": "POST only",
    "mailboxes:vacation_undo": "POST only",
    "me:vacation_switch": "POST only",
    "me:vacation_undo": "POST only",
    "me:apple": "a file for phones",
    "domains:export": "a file for spreadsheets",
    "mailboxes:export": "a file for spreadsheets",
    "mailboxes:alias_export": "a file for spreadsheets",
    "web:theme": "POST only",
    "web:health": "plain text for load balancers",
}
