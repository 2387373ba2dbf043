"""The views that Dovecot reads Sieve scripts from, as SQL text: the vacation replies.

Dovecot asks twice (a name for an id, the id for a script), and takes a missing script for trouble that
passes. So the first view decides whether there is one now, and the second answers for every id. Dovecot
2.4.1 takes a missing name for such trouble too and defers the mail: it reads the views `…_always`.
"""

from mailboxes.vacations import HEAD, MAX_ADDRESSES, MIDDLE, TAIL

SCRIPT_NAME = "vacation"
# No row has the key 0, and a script that does nothing leaves the mail to the next one.
NO_ID, NO_SCRIPT = "0", "/* nobody is away */"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


_LIVES = "x.proved_at IS NOT NULL AND x.removed_at IS NULL"
# The mailbox's own address first, then every enabled alias of the same tenant that leads there, directly
# or through others, and all of them as the alias domains spell them. No catch-all: what nobody has a name
# for is not written to anybody in particular (RFC 5230 4.5). No alias of another tenant: a reply would
# tell its writers who stands behind it.
_ADDRESSES = f"""(
    WITH RECURSIVE leads(address, domain_id, is_own) AS (
        SELECT a.address, a.domain_id, 0
        UNION SELECT a.local_part || '@' || x.name, a.domain_id, 1
            FROM domains_domain x WHERE x.alias_of_id = a.domain_id AND {_LIVES}
        UNION SELECT s.address, s.domain_id, 1
            FROM leads JOIN mailboxes_target t ON t.destination = leads.address
            JOIN mailboxes_address s ON s.id = t.address_id AND s.local_part <> ''
            WHERE EXISTS (SELECT 1 FROM mailboxes_alias l WHERE l.address_id = s.id AND l.is_enabled)
              AND EXISTS (SELECT 1 FROM domains_domain x
                          WHERE x.id = s.domain_id AND x.tenant_id = d.tenant_id AND {_LIVES}))
    SELECT @{{join}}('"' || named.address || '"', ',') FROM (
        SELECT spelled.address FROM (
            SELECT leads.address, MIN(leads.is_own) AS rank FROM leads GROUP BY leads.address
            UNION SELECT substr(leads.address, 1, @{{position}}(leads.address, '@')) || x.name, 2
                FROM leads JOIN domains_domain x ON x.alias_of_id = leads.domain_id AND {_LIVES}
        ) AS spelled
        GROUP BY spelled.address ORDER BY MIN(spelled.rank), spelled.address LIMIT {MAX_ADDRESSES}
    ) AS named)"""

SIEVE_VIEWS = {
    # Nobody answers for who may not sign in or send: only an active mailbox, nothing above it suspended.
    "mail_sieve_names": f"""
        SELECT a.address AS username, {_literal(SCRIPT_NAME)} AS script_name, CAST(v.id AS @{{text}}) AS id
        FROM mailboxes_address a JOIN mailboxes_mailbox m ON m.address_id = a.id
        JOIN mailboxes_vacation v ON v.mailbox_id = m.id
        JOIN mail_domains d ON d.domain_id = a.domain_id
        WHERE v.is_on AND v.starts_at <= @{{now}} AND (v.ends_at IS NULL OR v.ends_at > @{{now}})
          AND m.state = 'active' AND NOT d.is_suspended""",
    "mail_sieve_scripts": f"""
        SELECT a.address AS username, CAST(v.id AS @{{text}}) AS id,
               {_literal(HEAD)} || {_ADDRESSES} || {_literal(MIDDLE)} || v.phrase || '<' || a.address || '>" '
               || v.answer || {_literal(TAIL)} AS script
        FROM mailboxes_address a JOIN mailboxes_mailbox m ON m.address_id = a.id
        JOIN mailboxes_vacation v ON v.mailbox_id = m.id
        JOIN domains_domain d ON d.id = a.domain_id""",
    "mail_sieve_names_always": f"""
        SELECT a.address AS username, {_literal(SCRIPT_NAME)} AS script_name,
               COALESCE((SELECT n.id FROM mail_sieve_names n WHERE n.username = a.address), '{NO_ID}') AS id
        FROM mailboxes_address a JOIN mailboxes_mailbox m ON m.address_id = a.id""",
    "mail_sieve_scripts_always": f"""
        SELECT username, id, script FROM mail_sieve_scripts
        UNION ALL SELECT a.address, '{NO_ID}', {_literal(NO_SCRIPT)}
        FROM mailboxes_address a JOIN mailboxes_mailbox m ON m.address_id = a.id""",
}
