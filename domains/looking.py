"""One look at all records of a domain: every name server of its zone is asked, beside each other."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import monotonic

from domains import dns
from domains.dns import Bogus, Budget, Network, Opened, Place, Unanswered
from domains.proof import Answer, Answered, ProofResult
from domains.records import Installation, Kind, Record
from domains.spf import MAX_LOOKUPS, Included, Sender, is_spf, targets
from domains.verdicts import Facts, Finding, HostState, judge, nobody

# Seven questions to each of 16 addresses at most, and what stands around them.
BUDGET_QUERIES = 180
MAX_HOSTS = 10
# A server that did not answer one question is not waited for with the next.
_SILENT = {"no answer", "it cannot be reached"}


@dataclass(frozen=True)
class Server:
    """A name server as people see it: how long it took to answer, or what is wrong with it."""

    name: str
    milliseconds: int | None
    trouble: str = ""


@dataclass(frozen=True)
class Look:
    findings: dict[Kind, Finding]
    servers: tuple[Server, ...] = ()


def look_at(
    name: str, records: Sequence[Record], installation: Installation, network: Network | None = None
) -> Look:
    """The finding on each of `records` of the domain `name`. A name server that is slow, lame or hostile
    costs this look alone, and that no more than the budget."""
    network = network or dns.configured_network()
    budget = Budget(queries=BUDGET_QUERIES)
    try:
        opened = dns.open_zone(name, network, budget)
    except Bogus:
        return _nothing(records, ProofResult.BOGUS, "The DNSSEC signatures of the zone are not right.")
    except Unanswered as trouble:
        return _nothing(
            records, ProofResult.TEMPFAIL, f"The name servers of the zone were not found: {trouble}."
        )
    if not opened.exists:
        return _nothing(records, ProofResult.MISSING, f"{name} does not exist in DNS.")
    answers, servers = _ask_all(opened, records, budget)
    answers = {record.kind: _followed(record, answers[record.kind], network, budget) for record in records}
    facts = _facts(answers, installation, network, budget)
    return Look({record.kind: judge(record, answers[record.kind], facts) for record in records}, servers)


def _nothing(records: Sequence[Record], result: ProofResult, note: str) -> Look:
    return Look({record.kind: nobody(result, note) for record in records})


def _ask_all(
    opened: Opened, records: Sequence[Record], budget: Budget
) -> tuple[dict[Kind, list[Answer]], tuple[Server, ...]]:
    askable, untouchable = opened.servers.askable, opened.servers.untouchable
    with ThreadPoolExecutor(max_workers=max(1, len(askable))) as pool:
        asked = list(pool.map(lambda pair: _ask_one(opened, pair[0], pair[1], records, budget), askable))
    answers = {
        record.kind: [*(replies[record.kind] for replies, _ in asked), *untouchable] for record in records
    }
    servers = [server for _, server in asked]
    servers += [Server(answer.server, None, answer.trouble) for answer in untouchable]
    return answers, tuple(servers)


def _ask_one(
    opened: Opened, server: str, place: Place, records: Sequence[Record], budget: Budget
) -> tuple[dict[Kind, Answer], Server]:
    """All questions to one address, one after the other."""
    answers: dict[Kind, Answer] = {}
    trouble, started = "", monotonic()
    for record in records:
        if trouble in _SILENT:
            answers[record.kind] = Answer(server, Answered.FAILED, trouble=trouble)
            continue
        answer = dns.ask(opened, place, server, record.name, record.rdtype, budget=budget)
        answers[record.kind] = answer
        trouble = answer.trouble or trouble
    milliseconds = round((monotonic() - started) * 1000 / max(1, len(records)))
    return answers, Server(server, None if trouble else milliseconds, trouble)


def _followed(record: Record, answers: Iterable[Answer], network: Network, budget: Budget) -> list[Answer]:
    """With the resolver's answer where a CNAME leads out of the zone: many let others keep their DMARC
    record, and a receiver follows it as well."""
    answers = list(answers)
    if all(answer.answered is not Answered.LEADS_OUT for answer in answers):
        return answers
    way = _resolved(record, network, budget)
    return [
        Answer(answer.server, way.answered, way.texts, way.trouble)
        if answer.answered is Answered.LEADS_OUT
        else answer
        for answer in answers
    ]


def _resolved(record: Record, network: Network, budget: Budget) -> Answer:
    try:
        values, _ = dns.resolve(record.name, record.rdtype, network, budget)
    except (Unanswered, Bogus) as trouble:
        return Answer("", Answered.FAILED, trouble=str(trouble) or "DNSSEC failure")
    return Answer("", Answered.TEXTS, values) if values else Answer("", Answered.LEADS_OUT)


def _facts(
    answers: dict[Kind, list[Answer]], installation: Installation, network: Network, budget: Budget
) -> Facts:
    host = installation.mail_host
    mx = {_host(value) for answer in answers.get(Kind.MX, ()) for value in answer.texts}
    states = {name: _state_of(name, network, budget) for name in sorted(mx - {""})[:MAX_HOSTS]}
    own = _addresses(host, network, budget)
    texts = [text for answer in answers.get(Kind.SPF, ()) for text in answer.texts if is_spf(text)]
    included = _included(dict.fromkeys(texts), network, budget)
    return Facts(installation, Sender(installation.spf_terms, own, host in mx), included, states)


def _host(value: str) -> str:
    return value.rsplit(maxsplit=1)[-1].lower().rstrip(".")


def _state_of(host: str, network: Network, budget: Budget) -> HostState:
    try:
        for rdtype in ("A", "AAAA"):
            values, is_alias = dns.resolve(host, rdtype, network, budget)
            if is_alias:
                return HostState.ALIAS
            if values:
                return HostState.ADDRESS
    except (Unanswered, Bogus):
        return HostState.UNKNOWN
    return HostState.NOTHING


def _addresses(host: str, network: Network, budget: Budget) -> tuple[str, ...]:
    try:
        return tuple(
            value for rdtype in ("A", "AAAA") for value in dns.resolve(host, rdtype, network, budget)[0]
        )
    except (Unanswered, Bogus):
        return ()


def _included(records: Iterable[str], network: Network, budget: Budget) -> Included:
    """The SPF records that are read in turn, no more of them than a receiver would read."""
    texts: dict[str, Sequence[str]] = {}
    unasked: set[str] = set()
    waiting = [name for record in records for name in targets(record)]
    while waiting and len(texts) + len(unasked) < MAX_LOOKUPS:
        name = waiting.pop(0)
        if name in texts or name in unasked:
            continue
        try:
            values, _ = dns.resolve(name, "TXT", network, budget)
        except (Unanswered, Bogus):
            unasked.add(name)
            continue
        texts[name] = [value for value in values if is_spf(value)]
        waiting += [further for record in texts[name] for further in targets(record)]
    return Included(texts, frozenset(unasked))
