"""The questions of the mail servers as PostgreSQL functions.

Each takes the key as the daemon sends it (lower case), works with its owner's rights and a fixed search
path, and answers in one statement's time. STABLE: nothing is written.

What an answer costs is the number of tables that its statements open, whether or not they find something
there (tests/bench/lookups). So a function asks first what answers nearly every key, joins no more than
that needs, and comes to the rare cases in statements of their own. The names of views stand here for their
text (`contract.inlined`): a view by its name is checked and locked anew in each call.
"""

from panel.mailserver.contract.views import HELD_DOMAIN, open_target

_HEAD = "LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS"

# `ann+news@alder.example` to `ann@…`: a stored name holds no plus sign, so this loses nothing.
_NAME = """
    at_sign integer := strpos(key, '@');
    name text := CASE WHEN strpos(key, '+') BETWEEN 2 AND at_sign
        THEN split_part(key, '+', 1) || substr(key, at_sign) ELSE key END;
"""

# Only such a local part may stand in an answer as it is: Postfix reads an answer as a list of addresses.
_IS_PLAIN = """left(key, at_sign - 1) !~ '[][(),:;<>@"\\\\ ]'"""

FUNCTIONS = (
    f"""CREATE FUNCTION mail_domain(key text, host text) RETURNS SETOF text {_HEAD} $$
BEGIN
    RETURN QUERY SELECT d.name::text FROM mail_domains d WHERE d.name = key;
    IF NOT FOUND AND key = host THEN RETURN NEXT host; END IF;
END $$""",
    f"""CREATE FUNCTION mail_mailbox(key text) RETURNS SETOF integer {_HEAD} $$
DECLARE {_NAME}
BEGIN
    RETURN QUERY SELECT 1 FROM mail_mailboxes m JOIN mail_named_domains d ON d.domain_id = m.domain_id
        WHERE m.address = name;
END $$""",
    # One statement finds the domain and the name in it. Only where it has targets are they read.
    f"""CREATE FUNCTION mail_alias(key text, host text) RETURNS SETOF text {_HEAD} $$
DECLARE {_NAME}
    base text := left(name, strpos(name, '@') - 1);
    wanted text := substr(key, at_sign + 1);
    hit record;
BEGIN
    IF at_sign < 2 THEN RETURN; END IF;
    SELECT d.target_id, d.target_name, d.tenant_id, d.is_suspended,
           n.address_id, n.is_mailbox, n.is_open AND n.has_targets AS leads INTO hit
        FROM mail_domains d LEFT JOIN mail_names n ON n.address = base || '@' || d.target_name
        WHERE d.name = wanted;
    IF NOT FOUND THEN
        IF wanted = host AND base IN ('postmaster', 'abuse') THEN
            RETURN QUERY SELECT o.contact_email::text FROM mail_operator o;
        END IF;
        RETURN;
    END IF;
    IF hit.is_suspended THEN
        IF {_IS_PLAIN} THEN
            RETURN NEXT wanted || '=' || left(key, at_sign - 1) || '@{HELD_DOMAIN}';
        END IF;
        RETURN;
    END IF;
    IF hit.leads THEN
        RETURN QUERY SELECT t.destination::text FROM mailboxes_target t
            WHERE t.address_id = hit.address_id AND {open_target("hit.tenant_id")};
        IF FOUND THEN RETURN; END IF;
    END IF;
    IF hit.is_mailbox THEN
        IF wanted <> hit.target_name AND {_IS_PLAIN} THEN
            RETURN NEXT left(key, at_sign) || hit.target_name;
        END IF;
    ELSIF base IN ('postmaster', 'abuse') THEN
        RETURN QUERY SELECT c.destination::text FROM mail_contacts c
            WHERE c.domain_id = hit.target_id AND c.destination IS NOT NULL;
    ELSIF hit.address_id IS NULL THEN
        RETURN QUERY SELECT t.destination::text FROM mail_targets t WHERE t.address = '@' || hit.target_name;
    END IF;
END $$""",
    # Nearly every sender is a mailbox that writes as itself, and nobody else has a right to its address.
    f"""CREATE FUNCTION mail_sender(key text) RETURNS SETOF text {_HEAD} $$
DECLARE {_NAME}
    login text;
    is_shared boolean;
    target text;
BEGIN
    IF at_sign < 2 THEN RETURN; END IF;
    SELECT (SELECT s.username FROM mail_submitters s WHERE s.username = name),
           EXISTS (SELECT 1 FROM mailboxes_sendas r WHERE r.sender IN (name, key)) INTO login, is_shared;
    IF login IS NOT NULL AND NOT is_shared THEN
        RETURN NEXT login;
        RETURN;
    END IF;
    SELECT d.target_name INTO target FROM mail_domains d
        WHERE d.name = substr(key, at_sign + 1) AND NOT d.is_suspended;
    IF NOT FOUND THEN RETURN; END IF;
    RETURN QUERY SELECT DISTINCT s.login::text FROM mail_senders s
        WHERE s.sender IN (left(name, strpos(name, '@')) || target, key);
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
    # Ready to read: an expression in the statement that calls this would be planned anew each time.
    f"""CREATE FUNCTION mail_userdb(key text, folder text) RETURNS TABLE (
    username text, home text, quota_rule text, quota_storage_size text) {_HEAD} $$
BEGIN
    RETURN QUERY SELECT h.username::text, folder || h.home, h.quota_rule, h.quota_storage_size
        FROM mail_homes h WHERE h.username = key;
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
DOVECOT_SIGNATURES = ("mail_passdb(text, text)", "mail_userdb(text, text)", "mail_users()")
SIGNATURES = (*POSTFIX_SIGNATURES, *DOVECOT_SIGNATURES)
