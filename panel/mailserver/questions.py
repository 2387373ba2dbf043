"""The questions of the mail servers as the statements that their configuration holds. Pure.

`%s`, `%u` and `%d` are Postfix's (sqlite_table(5), pgsql_table(5)): the key, its local part and its
domain, quoted by Postfix. A query with `%d` is not asked for a key without a domain, which spares the
look-ups of parent domains and of `@domain`.
"""

# The local part without its sub-address.
_BASE = "CASE WHEN instr('%u', '+') > 1 THEN substr('%u', 1, instr('%u', '+') - 1) ELSE '%u' END"

SQLITE = {
    "domains": "SELECT name FROM mail_domains WHERE name = '%s'",
    "mailboxes": f"""
        SELECT 1 FROM mail_mailboxes m JOIN mail_domains d ON d.domain_id = m.domain_id
        WHERE m.address = ({_BASE}) || '@%d'""",
    "aliases": f"""
        WITH k AS (SELECT name, target_id, target_name, ({_BASE}) AS base, ({_BASE}) || '@' || target_name AS address
                   FROM mail_domains WHERE name = '%d')
        SELECT t.destination FROM k JOIN mail_targets t ON t.address = k.address
        UNION ALL
        SELECT '%u@' || k.target_name FROM k JOIN mail_mailboxes m ON m.address = k.address
        WHERE k.name <> k.target_name AND NOT EXISTS (SELECT 1 FROM mail_targets x WHERE x.address = k.address)
        UNION ALL
        SELECT c.destination FROM k JOIN mail_contacts c ON c.domain_id = k.target_id
        WHERE k.base IN ('postmaster', 'abuse') AND c.destination IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM mail_names n WHERE n.address = k.address)
        UNION ALL
        SELECT t.destination FROM k JOIN mail_targets t ON t.address = '@' || k.target_name
        WHERE k.base NOT IN ('postmaster', 'abuse')
          AND NOT EXISTS (SELECT 1 FROM mail_names n WHERE n.address = k.address)""",
    "senders": f"""
        WITH k AS (SELECT ({_BASE}) || '@' || target_name AS address FROM mail_domains
                   WHERE name = '%d' AND NOT is_suspended)
        SELECT s.login FROM k JOIN mail_senders s ON s.sender = k.address
        UNION SELECT s.login FROM k JOIN mail_senders s ON s.sender = '%s'""",
    "suspended": "SELECT '@{suspended_reply}' FROM mail_domains WHERE name = '%d' AND is_suspended",
    "ready": "SELECT 'DUNNO' WHERE EXISTS (SELECT 1 FROM mail_domains) OR 1",
}

PGSQL = {
    "domains": "SELECT mail_domain('%s')",
    "mailboxes": "SELECT mail_mailbox('%u@%d')",
    "aliases": "SELECT mail_alias('%u@%d')",
    "senders": "SELECT mail_sender('%u@%d')",
    "suspended": "SELECT '@{suspended_reply}' FROM mail_suspended('%d')",
    "ready": "SELECT 'DUNNO'",
}


def map_query(vendor: str, name: str, suspended_reply: str) -> str:
    """The statement of map `name` on `vendor` (`sqlite` or `postgresql`), on one line."""
    query = (PGSQL if vendor == "postgresql" else SQLITE)[name]
    return " ".join(query.replace("@{suspended_reply}", suspended_reply).split())
