"""What every route answers to every role: the table that `test_isolation.py` holds the panel to.

One section per app. A row is `(GET, POST)`, each a line of ten answers in the order of ROLES; POST is sent
without any field. The objects are those of Alder, a client of the reseller Northmoor:

    anon    nobody signed in                  admin    admin of Alder          support  operator support
    box     the mailbox user ann@alder        other    admin of Birch          operator operator admin
    reader  read only in Alder                north    admin of Northmoor
    manager of alder.example alone            south    admin of another reseller

302 is the sign-in page for anon and the next page for others, 404 what strangers get, 403 what members get
who may not, 405 a method that the route does not have, 422 a form that came back.
"""

ROLES = ("anon", "box", "reader", "manager", "admin", "other", "north", "south", "support", "operator")

# A page that its tenant's readers see and that takes no POST.
_READ = "302 404 200 403 200 404 200 404 200 200"
# The same where a domain manager sees it too.
_READ_DOMAIN = "302 404 200 200 200 404 200 404 200 200"
_NO_METHOD = "405 405 405 405 405 405 405 405 405 405"
# Only who administers the tenant: Alder's admin and the admins above.
_EDIT = "302 404 403 403 200 404 200 404 403 200"
_EDIT_FORM = "302 404 403 403 422 404 422 404 403 422"
_EDIT_ACT = "302 404 403 403 302 404 302 404 403 302"
# As those, with the domain manager in the granted domain.
_EDIT_DOMAIN = "302 404 403 200 200 404 200 404 403 200"
_EDIT_DOMAIN_FORM = "302 404 403 422 422 404 422 404 403 422"
_EDIT_DOMAIN_ACT = "302 404 403 302 302 404 302 404 403 302"
# Only from above.
_ABOVE = "302 404 403 403 403 404 200 404 403 200"
_ABOVE_FORM = "302 404 403 403 403 404 422 404 403 422"
_ABOVE_ACT = "302 404 403 403 403 404 302 404 403 302"

TENANTS = {
    "tenants:list": (_READ, _NO_METHOD),
    "tenants:add": (_ABOVE, _ABOVE_FORM),
    "tenants:settings": (_READ, _EDIT_FORM),
    "tenants:suspend": (_ABOVE, _ABOVE_FORM),
    "tenants:unsuspend": (_NO_METHOD, _ABOVE_ACT),
    "tenants:team": (_READ, _NO_METHOD),
    "tenants:member_add": (_EDIT, _EDIT_FORM),
    "tenants:member": (_EDIT, _EDIT_FORM),
    "tenants:member_remove": (_EDIT, _EDIT_ACT),
    "tenants:member_reset": (_NO_METHOD, "302 404 403 403 200 404 200 404 403 200"),
    "tenants:audit": (_READ, "302 404 405 403 405 404 405 404 405 405"),
}

# What everybody gets, whoever is signed in.
_ALL_SEE = "200 200 200 200 200 200 200 200 200 200"
_ALL_MOVE_ON = "302 302 302 302 302 302 302 302 302 302"
_ALL_FORM = "422 422 422 422 422 422 422 422 422 422"
# A link that was never made, or is no longer good.
_GONE = "410 410 410 410 410 410 410 410 410 410"
# A page that answers a POST as it answers a GET.
_AS_GET = _READ_DOMAIN

WEB = {
    "web:home": (_ALL_MOVE_ON, _NO_METHOD),
    "web:overview": (_READ, _NO_METHOD),
    "web:search": (_READ_DOMAIN, _NO_METHOD),
    "web:help": (_ALL_SEE, _NO_METHOD),
    "web:theme": (_NO_METHOD, _ALL_MOVE_ON),
    "web:health": (_ALL_SEE, _NO_METHOD),
}

ACCOUNTS = {
    "accounts:sign_in": ("200 302 302 302 302 302 302 302 302 302", _ALL_FORM),
    "accounts:sign_out": (_NO_METHOD, _ALL_MOVE_ON),
    "accounts:signed_out": (_ALL_SEE, _NO_METHOD),
    # A mailbox user's password is the mailbox's own: self-service changes it.
    "accounts:change_password": (
        "302 404 200 200 200 200 200 200 200 200",
        "302 404 422 422 422 422 422 422 422 422",
    ),
    "accounts:forgot": (_ALL_SEE, _ALL_FORM),
    "accounts:reset": (_GONE, _GONE),
    "accounts:reset_link": (_ALL_MOVE_ON, _NO_METHOD),
}

DOMAINS = {
    "domains:list": (_READ_DOMAIN, _AS_GET),
    "domains:export": (_READ_DOMAIN, _NO_METHOD),
    "domains:add": (_EDIT, _EDIT_FORM),
    "domains:detail": (_READ_DOMAIN, _AS_GET),
    "domains:check": (_NO_METHOD, _EDIT_DOMAIN_ACT),
    "domains:vouch": (_NO_METHOD, "302 404 403 403 403 404 403 404 403 302"),
    "domains:suspend": (_NO_METHOD, _EDIT_ACT),
    "domains:unsuspend": (_NO_METHOD, _EDIT_ACT),
    "domains:remove": (_EDIT, _EDIT_ACT),
    "domains:undelete": (_NO_METHOD, _EDIT_ACT),
    "domains:alias": (_NO_METHOD, _EDIT_DOMAIN_ACT),
    "domains:alias_end": (_NO_METHOD, _EDIT_DOMAIN_ACT),
    "domains:grant": (_NO_METHOD, _EDIT_ACT),
    "domains:revoke": (_NO_METHOD, _EDIT_ACT),
    "domains:managed": (_EDIT, _EDIT_FORM),
    "domains:managed_end": (_NO_METHOD, _EDIT_ACT),
}

MAILBOXES = {
    "mailboxes:list": (_READ_DOMAIN, _NO_METHOD),
    "mailboxes:export": (_READ_DOMAIN, _NO_METHOD),
    "mailboxes:add": (_EDIT_DOMAIN, _EDIT_DOMAIN_FORM),
    # Nothing of it is required: no name, no quota, no door.
    "mailboxes:detail": (_READ_DOMAIN, _EDIT_DOMAIN_ACT),
    "mailboxes:history": (_READ_DOMAIN, _NO_METHOD),
    # Without a password one is made and shown.
    "mailboxes:password": (_EDIT_DOMAIN, _EDIT_DOMAIN),
    "mailboxes:rename": (_EDIT_DOMAIN, _EDIT_DOMAIN_FORM),
    "mailboxes:state": (_NO_METHOD, _EDIT_DOMAIN_ACT),
    "mailboxes:delete": (_EDIT_DOMAIN, _EDIT_DOMAIN_ACT),
    "mailboxes:undelete": (_NO_METHOD, _EDIT_DOMAIN_ACT),
    "mailboxes:aliases": (_READ_DOMAIN, _NO_METHOD),
    "mailboxes:alias_export": (_READ_DOMAIN, _NO_METHOD),
    "mailboxes:alias_add": (_EDIT_DOMAIN, _EDIT_DOMAIN_FORM),
    "mailboxes:alias_edit": (_READ_DOMAIN, _EDIT_DOMAIN_FORM),
    "mailboxes:alias_switch": (_NO_METHOD, _EDIT_DOMAIN_ACT),
    "mailboxes:alias_delete": (_EDIT_DOMAIN, _EDIT_DOMAIN_ACT),
    "mailboxes:catch_all": (_READ_DOMAIN, _EDIT_DOMAIN_ACT),
    # The domain of the table is no alias domain: nothing can be done.
    "mailboxes:rename_domain": (_EDIT_DOMAIN_ACT, _EDIT_DOMAIN_ACT),
    "mailboxes:forwarding": (_READ_DOMAIN, _EDIT_DOMAIN_ACT),
    "mailboxes:vacation": (_READ_DOMAIN, _EDIT_DOMAIN_FORM),
    "mailboxes:vacation_undo": (_NO_METHOD, _EDIT_DOMAIN_ACT),
    "mailboxes:addresses": (_READ_DOMAIN, _NO_METHOD),
    "mailboxes:send_as": (_READ_DOMAIN, _EDIT_DOMAIN_FORM),
    "mailboxes:send_as_revoke": (_NO_METHOD, _EDIT_DOMAIN_ACT),
}

BULK = {
    # Without a selection it leads back to the list.
    "bulk:change": (_EDIT_DOMAIN_ACT, _EDIT_DOMAIN_ACT),
    "bulk:list": (_READ_DOMAIN, _NO_METHOD),
    # Others' changes are nothing that a domain manager finds.
    "bulk:detail": ("302 404 200 404 200 404 200 404 200 200", _NO_METHOD),
    "bulk:stop": (_NO_METHOD, "302 404 403 404 302 404 302 404 403 302"),
    "bulk:resume": (_NO_METHOD, "302 404 403 404 302 404 302 404 403 302"),
    "bulk:undo": (_NO_METHOD, "302 404 403 404 302 404 302 404 403 302"),
}

# A mailbox user's own mailbox, and nothing for members.
_OWN = "302 200 404 404 404 404 404 404 404 404"

SELF_SERVICE = {
    "me:home": (_OWN, _NO_METHOD),
    "me:password": (_OWN, "302 422 404 404 404 404 404 404 404 404"),
    "me:forwarding": (_OWN, "302 302 404 404 404 404 404 404 404 404"),
    "me:vacation": (_OWN, "302 422 404 404 404 404 404 404 404 404"),
    "me:vacation_switch": (_NO_METHOD, "302 302 404 404 404 404 404 404 404 404"),
    "me:vacation_undo": (_NO_METHOD, "302 302 404 404 404 404 404 404 404 404"),
    "me:settings": (_OWN, _NO_METHOD),
    "me:apple": (_OWN, _NO_METHOD),
}

TABLE = {**TENANTS, **WEB, **ACCOUNTS, **DOMAINS, **MAILBOXES, **BULK, **SELF_SERVICE}

# Routes without a tenant, which declare no permission: what they show comes from who is signed in.
OPEN_ROUTES = frozenset({*WEB, *ACCOUNTS, *SELF_SERVICE} - {"web:overview", "web:search"})
