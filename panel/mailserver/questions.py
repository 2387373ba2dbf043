"""The questions of the mail servers as the statements that their configuration holds. Pure.

`%s`, `%u` and `%d` are Postfix's (sqlite_table(5), pgsql_table(5)): the key, its local part and its
domain, quoted by Postfix. A query with `%d` is not asked for a key without a domain, which spares the
look-ups of parent domains and of `@domain`.
"""

from panel.mailserver.contract import HELD_DOMAIN

# The local part without its sub-address.
_BASE = "CASE WHEN instr('%u', '+') > 1 THEN substr('%u', 1, instr('%u', '+') - 1) ELSE '%u' END"

# Only such a local part may stand in an answer as it is: Postfix reads an answer as a list of addresses.
_PLAIN = """'%u' NOT GLOB '*[](),:;<>@"\\ ]*'"""

SQLITE = {
    "domains": "SELECT name FROM mail_domains WHERE name = '%s' UNION SELECT '%s' WHERE '%s' = '@{mail_host}'",
    "mailboxes": f"""
        SELECT 1 FROM mail_mailboxes m JOIN mail_named_domains d ON d.domain_id = m.domain_id
        WHERE m.address = ({_BASE}) || '@%d'""",
    "aliases": """
        WITH k AS (SELECT name, target_id, target_name, (@{base}) AS base, (@{base}) || '@' || target_name AS address
                   FROM mail_domains WHERE name = '%d' AND NOT is_suspended)
        SELECT name || '=%u@@{held_domain}' FROM mail_domains
        WHERE name = '%d' AND is_suspended AND @{plain}
        UNION ALL
        SELECT t.destination FROM k JOIN mail_targets t ON t.address = k.address
        UNION ALL
        SELECT '%u@' || k.target_name FROM k JOIN mail_mailboxes m ON m.address = k.address
        WHERE k.name <> k.target_name AND @{plain} AND NOT EXISTS (SELECT 1 FROM mail_targets x WHERE x.address = k.address)
        UNION ALL
        SELECT c.destination FROM k JOIN mail_contacts c ON c.domain_id = k.target_id
        WHERE k.base IN ('postmaster', 'abuse') AND c.destination IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM mail_targets x WHERE x.address = k.address)
          AND NOT EXISTS (SELECT 1 FROM mail_mailboxes m WHERE m.address = k.address)
        UNION ALL
        SELECT o.contact_email FROM mail_operator o
        WHERE '%d' = '@{mail_host}' AND (@{base}) IN ('postmaster', 'abuse')
          AND NOT EXISTS (SELECT 1 FROM mail_domains d WHERE d.name = '%d')
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
    "strangers": """
        SELECT 'srs:unix:private/srs-in' WHERE '%u' <> '' AND '%d' <> '@{mail_host}'
          AND NOT EXISTS (SELECT 1 FROM mail_domains WHERE name = '%d')""",
    "ready": "SELECT 'DUNNO' WHERE EXISTS (SELECT 1 FROM mail_domains) OR 1",
}

PGSQL = {
    "domains": "SELECT mail_domain('%s', '@{mail_host}')",
    "mailboxes": "SELECT mail_mailbox('%u@%d')",
    "aliases": "SELECT mail_alias('%u@%d', '@{mail_host}')",
    "senders": "SELECT mail_sender('%u@%d')",
    "suspended": "SELECT '@{suspended_reply}' FROM mail_suspended('%d')",
    "strangers": """
        SELECT 'srs:unix:private/srs-in' WHERE '%u' <> '' AND '%d' <> '@{mail_host}'
          AND NOT EXISTS (SELECT 1 FROM mail_domain('%d', '@{mail_host}'))""",
    "ready": "SELECT 'DUNNO'",
}


def map_query(vendor: str, name: str, suspended_reply: str, mail_host: str) -> str:
    """The statement of map `name` on `vendor` (`sqlite` or `postgresql`), on one line.

    `mail_host` takes mail for its own postmaster@ and abuse@ (RFC 5321 4.5.1), whoever's domain it is.
    """
    query = (PGSQL if vendor == "postgresql" else SQLITE)[name]
    values = {
        "suspended_reply": suspended_reply,
        "mail_host": mail_host,
        "base": _BASE,
        "held_domain": HELD_DOMAIN,
        "plain": _PLAIN,
    }
    for key, value in values.items():
        query = query.replace(f"@{{{key}}}", value)
    return " ".join(query.split())
