"""The views of the contract, in the order in which they build on each other."""

from panel.mailserver.contract.sieve import SIEVE_VIEWS

# A tenant is suspended when it or any tenant above it is. Nothing is copied downward.
_TENANT_SUSPENDED = """EXISTS (
    SELECT 1 FROM tenants_ancestry up JOIN tenants_tenant above ON above.id = up.ancestor_id
    WHERE up.tenant_id = d.tenant_id AND above.suspended_at IS NOT NULL)"""

# Where mail for a suspended domain is sent by the alias question when it comes through another name: an
# address here (`domain=local part`) that Postfix's transport `held` brings back to the first question.
# RFC 6761 6.4: no such domain can exist.
HELD_DOMAIN = "suspended.invalid"

# A destination without its sub-address; of an address elsewhere it makes another one that is not ours.
_BASE_OF_DESTINATION = """CASE WHEN @{position}(t.destination, '+') > 1
    THEN substr(t.destination, 1, @{position}(t.destination, '+') - 1)
        || substr(t.destination, @{position}(t.destination, '@'))
    ELSE t.destination END"""

# `t` is a target and `%s` the tenant of the name that it hangs on. A target that its own tenant closed
# gets nothing, so that nobody who writes to a team hears of it.
_IS_CLOSED = f"""EXISTS (SELECT 1 FROM mail_closed c
                   WHERE c.address = {_BASE_OF_DESTINATION} AND c.tenant_id = @{{tenant}})"""


def open_target(tenant: str) -> str:
    """The condition that a target `t` of a name of `tenant` gets mail."""
    return f"NOT {_IS_CLOSED}".replace("@{tenant}", tenant)


VIEWS = {
    # Every domain that mail may arrive for: proved and not removed. A suspended one stays in, because
    # smtpd remembers for the life of a process what kind of domain a name is. `target_*` is the domain
    # whose addresses count: of an alias domain the one that it stands for, else the domain itself.
    "mail_domains": f"""
        SELECT d.name, d.id AS domain_id, COALESCE(t.id, d.id) AS target_id,
               COALESCE(t.name, d.name) AS target_name, d.tenant_id,
               (d.suspended_at IS NOT NULL OR t.suspended_at IS NOT NULL OR {_TENANT_SUSPENDED}) AS is_suspended
        FROM domains_domain d LEFT JOIN domains_domain t ON t.id = d.alias_of_id
        WHERE d.proved_at IS NOT NULL AND d.removed_at IS NULL
          AND (d.alias_of_id IS NULL OR (t.proved_at IS NOT NULL AND t.removed_at IS NULL))""",
    # The same without alias domains, which have no names of their own (domains.actions refuses them). The
    # questions about mailboxes ask this one: it is two tables less to join.
    "mail_named_domains": f"""
        SELECT d.id AS domain_id, d.tenant_id, (d.suspended_at IS NOT NULL OR {_TENANT_SUSPENDED}) AS is_suspended
        FROM domains_domain d
        WHERE d.proved_at IS NOT NULL AND d.removed_at IS NULL AND d.alias_of_id IS NULL""",
    # Every name that exists, in whatever state: a catch-all never takes its mail. Whether it is a mailbox
    # that takes mail, whether its targets count, and whether it may have some.
    "mail_names": """
        SELECT a.address, a.id AS address_id,
               COALESCE(m.state IN ('active', 'receive_only'), FALSE) AS is_mailbox,
               COALESCE(m.state IN ('active', 'receive_only'), l.is_enabled, FALSE) AS is_open,
               EXISTS (SELECT 1 FROM mailboxes_target t WHERE t.address_id = a.id) AS has_targets
        FROM mailboxes_address a LEFT JOIN mailboxes_mailbox m ON m.address_id = a.id
        LEFT JOIN mailboxes_alias l ON l.address_id = a.id""",
    # Mailboxes that take mail.
    "mail_mailboxes": """
        SELECT a.address, m.id AS mailbox_id, a.domain_id
        FROM mailboxes_address a JOIN mailboxes_mailbox m ON m.address_id = a.id
        WHERE m.state IN ('active', 'receive_only')""",
    # Names that exist and take no mail: a mailbox that is off or deleted, a disabled alias. In a removed
    # domain none is: its addresses are like any outside.
    "mail_closed": """
        SELECT a.address, d.tenant_id
        FROM mailboxes_address a JOIN domains_domain d ON d.id = a.domain_id
        LEFT JOIN mailboxes_mailbox m ON m.address_id = a.id
        LEFT JOIN mailboxes_alias l ON l.address_id = a.id
        WHERE d.removed_at IS NULL AND (m.state IN ('off', 'deleted') OR NOT l.is_enabled)""",
    # Where an alias, a catch-all (`@domain`) or a forwarding mailbox delivers. Where every target is
    # closed, the alias is unknown and the mailbox that forwards keeps its mail.
    "mail_targets": f"""
        SELECT a.address, t.destination
        FROM mailboxes_address a JOIN mailboxes_target t ON t.address_id = a.id
        JOIN domains_domain d ON d.id = a.domain_id
        LEFT JOIN mailboxes_alias l ON l.address_id = a.id
        LEFT JOIN mailboxes_mailbox m ON m.address_id = a.id
        WHERE ((a.kind = 'alias' AND l.is_enabled)
               OR (a.kind = 'mailbox' AND m.state IN ('active', 'receive_only')))
          AND {open_target("d.tenant_id")}""",
    # Who answers for postmaster@ and abuse@ (RFC 2142 5): the nearest tenant above that named somebody.
    # A contact that is itself such an address could lead in a circle, so it does not count.
    "mail_contacts": """
        SELECT d.domain_id, (
            SELECT above.contact_email
            FROM tenants_ancestry up JOIN tenants_tenant above ON above.id = up.ancestor_id
            WHERE up.tenant_id = d.tenant_id AND above.contact_email <> ''
              AND above.contact_email NOT LIKE 'postmaster@%' AND above.contact_email NOT LIKE 'abuse@%'
            ORDER BY up.distance LIMIT 1) AS destination
        FROM mail_domains d""",
    # Who answers for postmaster@ and abuse@ of the mail host itself.
    "mail_operator": """
        SELECT contact_email FROM tenants_tenant
        WHERE kind = 'operator' AND contact_email <> ''
          AND contact_email NOT LIKE 'postmaster@%' AND contact_email NOT LIKE 'abuse@%'""",
    # Mailboxes that may hand in mail.
    "mail_submitters": """
        SELECT a.address AS username
        FROM mailboxes_address a JOIN mailboxes_mailbox m ON m.address_id = a.id
        JOIN mail_named_domains d ON d.domain_id = a.domain_id
        WHERE m.state = 'active' AND m.smtp_enabled AND NOT d.is_suspended""",
    # Whose sign-in may use an envelope sender: the mailbox itself and explicit rights, which count only
    # while the domain of the sender is proved and of the same tenant as the mailbox.
    "mail_senders": """
        SELECT own.username AS sender, own.username AS login FROM mail_submitters own
        UNION ALL
        SELECT s.sender, a.address AS login
        FROM mailboxes_sendas s JOIN mailboxes_mailbox m ON m.id = s.mailbox_id
        JOIN mailboxes_address a ON a.id = m.address_id
        JOIN mail_named_domains d ON d.domain_id = a.domain_id
        JOIN mail_domains o ON o.name = substr(s.sender, @{position}(s.sender, '@') + 1) AND o.tenant_id = d.tenant_id
        WHERE m.state = 'active' AND m.smtp_enabled AND NOT d.is_suspended AND NOT o.is_suspended""",
    # Who may sign in, and through which doors.
    "mail_sign_ins": """
        SELECT a.address AS username, m.password_hash AS password,
               m.imap_enabled AS imap, m.pop3_enabled AS pop3, m.smtp_enabled AS smtp, m.sieve_enabled AS sieve
        FROM mailboxes_address a JOIN mailboxes_mailbox m ON m.address_id = a.id
        JOIN mail_named_domains d ON d.domain_id = a.domain_id
        WHERE m.state = 'active' AND NOT d.is_suspended""",
    # Where mail lies. A suspension is no reason here: mail that was accepted before is still delivered. A
    # mailbox that is off takes nothing, whatever name it came by: LMTP refuses, and the sender is told.
    # `quota_rule` is the quota as Dovecot 2.3 reads it, `quota_storage_size` as 2.4 does.
    "mail_homes": """
        SELECT a.address AS username, a.domain_id || '/' || m.id AS home, m.quota_bytes,
               '*:bytes=' || COALESCE(m.quota_bytes, 0) AS quota_rule,
               COALESCE(m.quota_bytes || 'B', 'unlimited') AS quota_storage_size
        FROM mailboxes_address a JOIN mailboxes_mailbox m ON m.address_id = a.id
        JOIN mail_named_domains d ON d.domain_id = a.domain_id
        WHERE m.state IN ('active', 'receive_only')""",
    **SIEVE_VIEWS,
}

# What the two databases say differently. SQLite keeps times as text, in UTC, by the second at least.
_WORDS = {
    "sqlite": {"position": "instr", "join": "group_concat", "text": "TEXT", "now": "datetime('now')"},
    "postgresql": {"position": "strpos", "join": "string_agg", "text": "text", "now": "now()"},
}


def for_vendor(body: str, vendor: str) -> str:
    """`body` in the words of the database."""
    for name, word in _WORDS[vendor].items():
        body = body.replace(f"@{{{name}}}", word)
    return body
