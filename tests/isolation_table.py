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
}

WEB = {}
ACCOUNTS = {}
DOMAINS = {}
MAILBOXES = {}
SELF_SERVICE = {}

TABLE = {**TENANTS, **WEB, **ACCOUNTS, **DOMAINS, **MAILBOXES, **SELF_SERVICE}

# Routes without a tenant, which declare no permission: what they show comes from who is signed in.
OPEN_ROUTES = frozenset({*WEB, *ACCOUNTS, *SELF_SERVICE} - {"web:overview"})
