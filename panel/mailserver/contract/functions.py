"""The questions of the mail servers as PostgreSQL functions.

Each takes the key as the daemon sends it (lower case), works with its owner's rights and a fixed search
path, and answers in one statement's time. STABLE: nothing is written.
"""

from panel.mailserver.contract.views import HELD_DOMAIN

_HEAD = "LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS"

# `ann+news@alder.example` to `ann@…`: a stored name holds no plus sign, so this loses nothing.
_SPLIT = """
    at_sign integer := strpos(key, '@');
    local_part text := left(key, at_sign - 1);
    base text := CASE WHEN strpos(local_part, '+') > 1 THEN split_part(local_part, '+', 1) ELSE local_part END;
"""

FUNCTIONS = (
    f"""CREATE FUNCTION mail_domain(key text, host text) RETURNS SETOF text {_HEAD} $$
BEGIN
    RETURN QUERY SELECT d.name::text FROM mail_domains d WHERE d.name = key;
    IF NOT FOUND AND key = host THEN RETURN NEXT host; END IF;
END $$""",
    f"""CREATE FUNCTION mail_mailbox(key text) RETURNS SETOF integer {_HEAD} $$
DECLARE {_SPLIT}
BEGIN
    RETURN QUERY SELECT 1 FROM mail_mailboxes m JOIN mail_domains d ON d.domain_id = m.domain_id
        WHERE m.address = base || substr(key, at_sign);
END $$""",
    f"""CREATE FUNCTION mail_alias(key text, host text) RETURNS SETOF text {_HEAD} $$
DECLARE {_SPLIT}
    is_plain boolean := local_part !~ '[][(),:;<>@"\\\\ ]';
    domain record;
    name text;
BEGIN
    IF at_sign < 2 THEN RETURN; END IF;
    SELECT d.name, d.target_id, d.target_name, d.is_suspended INTO domain
        FROM mail_domains d WHERE d.name = substr(key, at_sign + 1);
    IF NOT FOUND THEN
        IF substr(key, at_sign + 1) = host AND base IN ('postmaster', 'abuse') THEN
            RETURN QUERY SELECT o.contact_email::text FROM mail_operator o;
        END IF;
        RETURN;
    END IF;
    -- Only such a local part may stand in an answer as it is: Postfix reads an answer as a list of addresses.
    IF domain.is_suspended THEN
        IF NOT is_plain THEN RETURN; END IF;
        RETURN NEXT domain.name || '=' || local_part || '@{HELD_DOMAIN}';
        RETURN;
    END IF;
    name := base || '@' || domain.target_name;
    RETURN QUERY SELECT t.destination::text FROM mail_targets t WHERE t.address = name;
    IF FOUND THEN RETURN; END IF;
    IF EXISTS (SELECT 1 FROM mail_mailboxes m WHERE m.address = name) THEN
        IF domain.name <> domain.target_name AND is_plain THEN
            RETURN NEXT local_part || '@' || domain.target_name;
        END IF;
    ELSIF base IN ('postmaster', 'abuse') THEN
        RETURN QUERY SELECT c.destination::text FROM mail_contacts c
            WHERE c.domain_id = domain.target_id AND c.destination IS NOT NULL;
    ELSIF NOT EXISTS (SELECT 1 FROM mail_names n WHERE n.address = name) THEN
        RETURN QUERY SELECT t.destination::text FROM mail_targets t WHERE t.address = '@' || domain.target_name;
    END IF;
END $$""",
    f"""CREATE FUNCTION mail_sender(key text) RETURNS SETOF text {_HEAD} $$
DECLARE {_SPLIT}
    target text;
BEGIN
    SELECT d.target_name INTO target FROM mail_domains d
        WHERE d.name = substr(key, at_sign + 1) AND NOT d.is_suspended;
    IF NOT FOUND OR at_sign < 2 THEN RETURN; END IF;
    RETURN QUERY SELECT s.login::text FROM mail_senders s WHERE s.sender = base || '@' || target
        UNION SELECT s.login::text FROM mail_senders s WHERE s.sender = key;
END $$""",
    f"""CREATE FUNCTION mail_suspended(key text) RETURNS SETOF text {_HEAD} $$
BEGIN
    RETURN QUERY SELECT d.name::text FROM mail_domains d WHERE d.name = key AND d.is_suspended;
END $$""",
    f"""CREATE FUNCTION mail_passdb(key text, door text) RETURNS TABLE (username text, password text) {_HEAD} $$
BEGIN
    RETURN QUERY SELECT s.username::text, s.password::text FROM mail_sign_ins s WHERE s.username = key
        AND CASE door WHEN 'imap' THEN s.imap WHEN 'pop3' THEN s.pop3 WHEN 'smtp' THEN s.smtp
                      WHEN 'sieve' THEN s.sieve ELSE false END;
END $$""",
    f"""CREATE FUNCTION mail_userdb(key text) RETURNS TABLE (username text, home text, quota_bytes bigint) {_HEAD} $$
BEGIN
    RETURN QUERY SELECT h.username::text, h.home::text, h.quota_bytes::bigint FROM mail_homes h WHERE h.username = key;
END $$""",
    f"""CREATE FUNCTION mail_users() RETURNS SETOF text {_HEAD} $$
BEGIN
    RETURN QUERY SELECT h.username::text FROM mail_homes h;
END $$""",
)

POSTFIX_SIGNATURES = (
    "mail_domain(text, text)",
    "mail_mailbox(text)",
    "mail_alias(text, text)",
    "mail_sender(text)",
    "mail_suspended(text)",
)
DOVECOT_SIGNATURES = ("mail_passdb(text, text)", "mail_userdb(text)", "mail_users()")
SIGNATURES = (*POSTFIX_SIGNATURES, *DOVECOT_SIGNATURES)
