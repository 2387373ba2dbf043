"""A large installation, made inside the database: one INSERT … SELECT for each table, on either vendor.

Every figure stands in `Size`. Rows hang together as the panel would have made them: alias domains have no
names of their own, what a tenant uses is counted up the tree, a removed mailbox has its days of grace.
"""

from itertools import product

from django.db import connections

from domains.models import Domain, DomainGrant
from mailboxes.models import Address, Alias, Mailbox, MailUsage, SendAs, Target
from panel.accounts.models import User
from panel.audit.models import NO_DIGEST, AuditEntry, AuditHead
from panel.tenants.models import Ancestry, Membership, Tenant, Usage
from tests.bench.filler import Filler
from tests.bench.size import BIG_CLIENT_DOMAIN, BIG_RESELLER, FIRST_CLIENT, OPERATOR, RESELLERS, Size
from tests.factories import PASSWORD_HASH

TEAM = 300
FIRST_NAMES = (
    "anna bea carl dora emil frida georg hanna ida jan karin leo mia noah olga paul rosa sven tina uwe"
)
LAST_NAMES = "adler beck dorn ernst frank graf horn jung kern lang moos nagel ott pohl reich sorg thoma vogt wirth zorn"
TRADES = (
    "bakery clinic dental farm garden hotel joinery legal mill optics print school studio tools works yard"
)
ACTS = (
    "mailbox.edit", "mailbox.set_password", "mailbox.add", "alias.edit", "alias.add", "session.sign_in", "domain.check",
    "session.sign_in", "mailbox.forward", "mailbox.edit", "alias.edit", "session.fail", "domain.add", "domain.prove",
    "mailbox.delete", "session.sign_in", "alias.delete", "member.add", "tenant.edit", "mailbox.add",
)  # fmt: skip


def fill(size: Size) -> None:
    """Fill the empty, migrated databases of this process."""
    filler = Filler(connections["default"])
    _begin(filler)
    _words(filler)
    for part in (_tenants, _people, _domains, _mailboxes, _aliases, _targets, _usage, _trail):
        part(filler, size)
    filler.execute("DROP TABLE bench_words")
    _figures(size)
    _end(filler)


def _begin(filler: Filler) -> None:
    if filler.is_postgresql:
        # Rows come in order, but not every row looks its parents up.
        filler.execute("SET session_replication_role = replica")
        filler.execute("SET work_mem = '256MB'")
        return
    for pragma in ("foreign_keys = OFF", "synchronous = OFF", "cache_size = -600000", "temp_store = MEMORY"):
        filler.execute(f"PRAGMA {pragma}")


def _end(filler: Filler) -> None:
    """What the databases do by themselves in the course of time."""
    if not filler.is_postgresql:
        filler.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return
    for model in (
        Tenant,
        User,
        Domain,
        Address,
        Mailbox,
        Alias,
        Target,
        SendAs,
        AuditEntry,
        Membership,
        Usage,
    ):
        table = model._meta.db_table
        filler.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) + 1 FROM {table}))"
        )
    filler.execute("SET session_replication_role = DEFAULT")
    filler.execute("VACUUM ANALYZE")


def _words(filler: Filler) -> None:
    filler.execute(
        "CREATE TABLE bench_words (i integer PRIMARY KEY, person text NOT NULL, trade text NOT NULL, act text NOT NULL)"
    )
    people = [f"{first}.{last}" for first, last in product(FIRST_NAMES.split(), LAST_NAMES.split())]
    trades = TRADES.split()
    rows = ", ".join(
        f"({i}, '{person}', '{trades[i % len(trades)]}', '{ACTS[i % len(ACTS)]}')"
        for i, person in enumerate(people)
    )
    filler.execute(f"INSERT INTO bench_words VALUES {rows}")


def _tenants(filler: Filler, size: Size) -> None:
    """Forty resellers, a quarter of them below another one; a quarter of the clients belong to one."""
    last = size.empty_client()
    parent = (
        f"CASE WHEN n = 1 THEN NULL WHEN n < {FIRST_CLIENT - 10} THEN 1 WHEN n < {FIRST_CLIENT} THEN n - 30"
        f" WHEN n % 4 = {FIRST_CLIENT % 4} THEN {BIG_RESELLER} ELSE 3 + n % {RESELLERS - 1} END"
    )
    name = "CASE WHEN n = 1 THEN 'Operator' ELSE (SELECT person FROM bench_words WHERE i = n * 7 % 400) || ' ' || n END"
    filler.insert(
        Tenant,
        {
            "id": "n",
            "parent_id": parent,
            "kind": f"CASE WHEN n = 1 THEN 'operator' WHEN n < {FIRST_CLIENT} THEN 'reseller' ELSE 'client' END",
            "name": name,
            "sort_name": f"lower({name})",
            "contact_email": "'contact' || n || '@contact.example'",
            "max_mailboxes": f"CASE WHEN n < {FIRST_CLIENT} THEN NULL ELSE 500000 END",
            "suspended_at": f"CASE WHEN n >= {FIRST_CLIENT} AND n % 100 = 5 THEN {filler.ago(days=2)} END",
        },
        filler.numbers(1, last),
    )
    # The tree is at most five deep.
    tree = "tenants_tenant"
    path = f"SELECT id AS tenant, id AS above, 0 AS distance FROM {tree}"
    for depth in range(1, 5):
        joins = " ".join(f"JOIN {tree} t{i} ON t{i}.id = t{i - 1}.parent_id" for i in range(1, depth + 1))
        path += f" UNION ALL SELECT t0.id, t{depth}.id, {depth} FROM {tree} t0 {joins}"
    filler.insert(
        Ancestry,
        {"tenant_id": "p.tenant", "ancestor_id": "p.above", "distance": "p.distance"},
        f"({path}) AS p",
    )


def _people(filler: Filler, size: Size) -> None:
    """Members 1 to 5: of the operator, the big reseller, the big client, the small client, and a domain
    manager of the big domain; then large teams of the operator and the big reseller."""
    places = [
        (OPERATOR, "operator_admin"),
        (BIG_RESELLER, "reseller_admin"),
        (size.big_client, "tenant_admin"),
        (size.small_client(), "tenant_admin"),
        (size.big_client, "domain_manager"),
    ]
    filler.insert(
        User,
        {"id": "n", "password": "'!'", "email": "'p' || n || '@team.example'", "name": "'Person ' || n"},
        filler.numbers(1, len(places) + 2 * TEAM),
    )
    for number, (tenant, role) in enumerate(places, 1):
        filler.insert(
            Membership,
            {"id": f"{number}", "user_id": f"{number}", "tenant_id": f"{tenant}", "role": f"'{role}'"},
            filler.numbers(1, 1),
        )
    first = len(places) + 1
    filler.insert(
        Membership,
        {
            "id": "n",
            "user_id": "n",
            "tenant_id": f"CASE WHEN n % 2 = 0 THEN {OPERATOR} ELSE {BIG_RESELLER} END",
            "role": "'read_only'",
        },
        filler.numbers(first, first + 2 * TEAM - 1),
    )
    filler.insert(
        DomainGrant,
        {"membership_id": f"{len(places)}", "domain_id": f"{BIG_CLIENT_DOMAIN}"},
        filler.numbers(1, 1),
    )


def _domains(filler: Filler, size: Size) -> None:
    is_alias = _is_alias("n", size)
    filler.insert(
        Domain,
        {
            "id": "n",
            "tenant_id": f"{FIRST_CLIENT} + n % {size.clients}",
            "name": "(SELECT trade FROM bench_words WHERE i = n % 400) || n || '.example'",
            "alias_of_id": f"CASE WHEN {is_alias} THEN n - {3 * size.clients} END",
            "proof_token": "'00112233445566778899aabbccddeeff'",
            "proved_at": f"CASE WHEN n % 200 <> 9 THEN {filler.ago(days=90)} END",
            "claim_expires_at": f"CASE WHEN n % 200 = 9 THEN {filler.ago(days=-5)} END",
            "suspended_at": f"CASE WHEN n % 100 = 17 THEN {filler.ago(days=1)} END",
            "removed_at": f"CASE WHEN n % 400 = 11 THEN {filler.ago(days=3)} END",
            "purge_at": f"CASE WHEN n % 400 = 11 THEN {filler.ago(days=-11)} END",
        },
        filler.numbers(1, size.domains),
    )


def _is_alias(n: str, size: Size) -> str:
    return f"({n} > {size.domains * 3 // 4} AND {n} % 10 = 3)"


def _home(n: str, size: Size) -> str:
    """The domain of a name that falls to domain `n`: an alias domain passes it on to its neighbour."""
    return f"({n} - CASE WHEN {_is_alias(n, size)} THEN 1 ELSE 0 END)"


def _mailboxes(filler: Filler, size: Size) -> None:
    others = size.domains - 1
    fallen = f"(2 + (n - {size.big_domain} - 1) % {others})"
    domain = f"CASE WHEN n <= {size.big_domain} THEN 1 ELSE {_home(fallen, size)} END"
    number = (
        f"CASE WHEN n <= {size.big_domain} THEN '' || n"
        f" ELSE ((n - {size.big_domain} - 1) / {others}) || CASE WHEN {_is_alias(fallen, size)} THEN 'b' ELSE '' END END"
    )
    local_part = f"(SELECT person FROM bench_words WHERE i = n * 7 % 400) || {number}"
    filler.insert(
        Address,
        {
            "id": "m.n",
            "domain_id": "m.domain",
            "kind": "'mailbox'",
            "local_part": "m.local_part",
            "address": "m.local_part || '@' || d.name",
        },
        f"(SELECT n, {domain} AS domain, {local_part} AS local_part FROM {filler.numbers(1, size.mailboxes)}) AS m"
        " JOIN domains_domain d ON d.id = m.domain",
    )
    deleted = "n % 500 = 41"
    filler.insert(
        Mailbox,
        {
            "id": "n",
            "address_id": "n",
            "name": "(SELECT person FROM bench_words WHERE i = n * 7 % 400)",
            "state": f"CASE WHEN {deleted} THEN 'deleted' WHEN n / 400 % 50 = 13 THEN 'off'"
            " WHEN n / 400 % 50 = 27 THEN 'receive_only' ELSE 'active' END",
            "password_hash": f"'{PASSWORD_HASH}'",
            "quota_bytes": "5000000000 * (1 + n % 5)",
            "state_before_deletion": f"CASE WHEN {deleted} THEN 'active' ELSE '' END",
            "deleted_at": f"CASE WHEN {deleted} THEN {filler.ago(days=4)} END",
            "purge_at": f"CASE WHEN {deleted} THEN {filler.ago(days=-10)} END",
        },
        filler.numbers(1, size.mailboxes),
    )


def _aliases(filler: Filler, size: Size) -> None:
    """Every fifth domain has a catch-all, the big domain a thirtieth of all aliases."""
    catch_alls = size.domains // 5
    fallen = f"(2 + n % {size.domains - 1})"
    domain = f"CASE WHEN n <= {catch_alls} THEN 5 * n WHEN n % 30 = 1 THEN 1 ELSE {_home(fallen, size)} END"
    local_part = (
        f"CASE WHEN n <= {catch_alls} THEN '' WHEN n % 30 = 1 THEN 'list' || n ELSE"
        f" (SELECT trade FROM bench_words WHERE i = n % 400) || (n / {size.domains - 1})"
        f" || CASE WHEN {_is_alias(fallen, size)} THEN 'b' ELSE '' END END"
    )
    filler.insert(
        Address,
        {
            "id": f"{size.mailboxes} + a.n",
            "domain_id": "a.domain",
            "kind": "'alias'",
            "local_part": "a.local_part",
            "address": "a.local_part || '@' || d.name",
        },
        f"(SELECT n, {domain} AS domain, {local_part} AS local_part FROM {filler.numbers(1, size.aliases)}) AS a"
        " JOIN domains_domain d ON d.id = a.domain",
    )
    filler.insert(
        Alias,
        {
            "id": "n",
            "address_id": f"{size.mailboxes} + n",
            "comment": "CASE WHEN n % 10 = 3 THEN 'asked for by the office' ELSE '' END",
            "is_enabled": "n % 40 <> 7",
        },
        filler.numbers(1, size.aliases),
    )


def _targets(filler: Filler, size: Size) -> None:
    """One mailbox of its own domain for each alias, for some an outside address or thirty mailboxes; one
    mailbox in sixty forwards and keeps a copy, one in fifty has a right to send."""
    big, others, rows = size.big_domain, size.domains - 1, "mailboxes_address"
    alias = f"{rows} a JOIN {rows} m ON a.kind = 'alias' AND m.id ="

    def nth(expression: str) -> str:
        """The mailbox of this number in the domain of `a`."""
        return (
            f"CASE WHEN a.domain_id = 1 THEN a.id % {big} + 1"
            f" ELSE {big} + a.domain_id - 1 + {others} * ({expression}) END"
        )

    for source in (
        f"{alias} {nth('a.id % 40')}",
        f"{filler.numbers(0, 29)} CROSS JOIN {alias} {nth('n')} WHERE a.id % 1000 = 0 AND a.domain_id <> 1 AND n <> a.id % 40",
        f"{rows} a JOIN {rows} m ON m.id = a.id WHERE a.kind = 'mailbox' AND a.id % 60 = 0",
    ):
        filler.insert(Target, {"address_id": "a.id", "destination": "m.address"}, source)
    filler.insert(
        Target,
        {"address_id": "a.id", "destination": "'friend' || a.id || '@outside.example'"},
        f"{rows} a WHERE (a.kind = 'alias' AND a.id % 3 = 0) OR (a.kind = 'mailbox' AND a.id % 60 = 0)",
    )
    filler.insert(
        SendAs,
        {"mailbox_id": "a.id", "sender": "'office' || a.id || '@' || d.name"},
        f"{rows} a JOIN domains_domain d ON d.id = a.domain_id WHERE a.kind = 'mailbox' AND a.id % 50 = 0",
    )


def _usage(filler: Filler, size: Size) -> None:
    names = "mailboxes_address a ON a.domain_id = d.id"
    counted = {
        "domains": "SELECT d.tenant_id, count(*) AS used FROM domains_domain d GROUP BY d.tenant_id",
        "mailboxes": f"SELECT d.tenant_id, count(*) AS used FROM domains_domain d JOIN {names}"
        " WHERE a.kind = 'mailbox' GROUP BY d.tenant_id",
        "aliases": f"SELECT d.tenant_id, count(*) AS used FROM domains_domain d JOIN {names}"
        " WHERE a.kind = 'alias' GROUP BY d.tenant_id",
        "storage": f"SELECT d.tenant_id, sum(m.quota_bytes) AS used FROM domains_domain d JOIN {names}"
        " JOIN mailboxes_mailbox m ON m.address_id = a.id GROUP BY d.tenant_id",
        "unmetered": "SELECT id AS tenant_id, 0 AS used FROM tenants_tenant",
    }
    for kind, count in counted.items():
        filler.insert(
            Usage,
            {"tenant_id": "u.tenant", "kind": f"'{kind}'", "used": "u.used"},
            "(SELECT an.ancestor_id AS tenant, COALESCE(sum(c.used), 0) AS used FROM tenants_ancestry an"
            f" LEFT JOIN ({count}) AS c ON c.tenant_id = an.tenant_id GROUP BY an.ancestor_id) AS u",
        )


def _trail(filler: Filler, size: Size) -> None:
    """An entry every ten seconds. One in twenty belongs to no tenant, one tells of the first mailbox. The
    places in the chains are true, the digests are not."""
    act = "(SELECT act FROM bench_words WHERE i = (e.n * 7 + e.n / 100) % 400)"
    tenant = (
        f"CASE WHEN n % 20 = 0 THEN NULL WHEN n % 20 = 1 THEN {BIG_RESELLER} + n / 20 % {RESELLERS}"
        f" WHEN n % 20 = 2 THEN {size.big_client} ELSE {FIRST_CLIENT} + n * 31 % {size.clients} END"
    )
    numbered = (
        f"SELECT t.n, t.tenant, row_number() OVER (PARTITION BY t.tenant ORDER BY t.n) AS place"
        f" FROM (SELECT n, {tenant} AS tenant FROM {filler.numbers(1, size.entries)}) AS t"
    )
    filler.insert(
        AuditEntry,
        {
            "id": "e.n",
            "at": filler.seconds_ago(f"({size.entries} - e.n) * 10"),
            "tenant_id": "e.tenant",
            "actor_kind": "'member'",
            "actor_id": "1 + e.n % 600",
            "actor_label": "'p' || (1 + e.n % 600) || '@team.example'",
            "action": f"CASE WHEN e.n % 20 = 2 THEN 'mailbox.edit' ELSE {act} END",
            "object_kind": "CASE WHEN e.n % 20 <> 2 AND e.n % 3 = 0 THEN 'alias' ELSE 'mailbox' END",
            "object_id": f"CASE WHEN e.n % 20 = 2 THEN 1 ELSE 1 + e.n * 17 % {size.aliases} END",
            "object_label": f"'somebody' || (1 + e.n * 17 % {size.aliases}) || '@clinic.example'",
            "before": """'{"quota_bytes": 1073741824}'""",
            "after": """'{"quota_bytes": 5368709120}'""",
            "address": "'192.0.2.' || (e.n % 250)",
            "request_id": "'00112233445566778899aabbccddeeff'",
            "sequence": "e.place",
            "previous": f"'{NO_DIGEST}'",
        },
        f"({numbered}) AS e ORDER BY e.n",
    )
    filler.insert(
        AuditHead,
        {"chain": "c.chain", "sequence": "c.length"},
        "(SELECT COALESCE(tenant_id, 0) AS chain, count(*) AS length FROM audit_auditentry GROUP BY 1) AS c",
    )


def _figures(size: Size) -> None:
    """What Dovecot told of two mailboxes in three: on SQLite in a file of its own."""
    if "usage" not in connections:
        filler, source = Filler(connections["default"]), "mailboxes_address"
    else:
        filler, source = Filler(connections["usage"]), "panel.mailboxes_address"
        filler.execute(f"ATTACH '{connections['default'].settings_dict['NAME']}' AS panel")
    filler.insert(
        MailUsage,
        {
            "username": "a.address",
            "last_sign_in": "1790000000 + a.id",
            "used_bytes": "a.id * 1000",
            "used_messages": "a.id % 1000",
        },
        f"{source} a WHERE a.kind = 'mailbox' AND a.id % 3 <> 0",
    )
    if "usage" in connections:
        filler.execute("DETACH panel")
