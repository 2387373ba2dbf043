"""A trail that was changed behind the panel's back is found, and one that was not is whole."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from hypothesis import given
from hypothesis import strategies as st

from panel.audit import log
from panel.audit.actor import Actor, ActorKind
from panel.audit.chain import breaks, chains, digest_of
from panel.audit.models import NO_DIGEST, AuditEntry, AuditHead

pytestmark = pytest.mark.django_db
ANN = Actor(ActorKind.MEMBER, "ann@mail.example", 7, "2001:DB8::1", "abc")


def write(count: int = 3, tenant_id: int | None = 1) -> list[AuditEntry]:
    return [
        log.record("domain.add", actor=ANN, tenant_id=tenant_id, obj=("domain", number, "alder.example"))
        for number in range(1, count + 1)
    ]


def sentences(chain: int = 1, kept: tuple[int, str] | None = None) -> list[str]:
    return [one.sentence for one in breaks(chain, kept)]


def test_a_trail_that_nobody_touched_is_whole() -> None:
    write()
    assert sentences() == []
    assert list(AuditEntry.objects.order_by("sequence").values_list("sequence", flat=True)) == [1, 2, 3]


def test_every_tenant_and_what_belongs_to_none_has_a_chain_of_its_own() -> None:
    write(2, 1), write(1, 2), write(2, None)
    assert chains() == [0, 1, 2]
    assert [sentences(chain) for chain in chains()] == [[], [], []]
    assert AuditEntry.objects.get(tenant_id=2).previous == NO_DIGEST


@pytest.mark.parametrize(
    "change",
    [
        {"actor_label": "somebody@else.example"},
        {"action": "domain.remove"},
        {"object_id": 99},
        {"after": {"name": "birch.example"}},
        {"address": "192.0.2.1"},
        {"at": "2020-01-01T00:00Z"},
        {"actor_id": None},
    ],
    ids=lambda change: next(iter(change)),
)
@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_changed_entry_is_found_wherever_it_stands(at: int, change: dict[str, object]) -> None:
    write()
    AuditEntry.objects.filter(sequence=at).update(**change)
    (sentence,) = sentences()
    assert sentence.startswith(f"entry {at} ")


def test_a_missing_entry_is_found() -> None:
    write(5)
    AuditEntry.objects.filter(sequence__in=[2, 3]).delete()
    assert sentences() == ["entries 2 to 3 are missing"]


def test_a_cut_tail_is_found() -> None:
    write(4)
    AuditEntry.objects.filter(sequence=4).delete()
    assert sentences() == ["entry 4 is missing"]


def test_a_whole_trail_that_is_gone_is_found() -> None:
    write(2)
    AuditEntry.objects.all().delete()
    assert sentences() == ["entries 1 to 2 are missing"]


def test_an_end_that_was_set_back_with_its_entries_is_found_by_a_kept_digest_alone() -> None:
    first, second, third = write(3)
    AuditEntry.objects.filter(pk=third.pk).delete()
    AuditHead.objects.update(sequence=2, digest=digest_of(second))
    assert sentences() == []
    assert sentences(kept=(3, digest_of(third))) == ["entry 3 is missing"]
    assert sentences(kept=(1, digest_of(first))) == []


def test_a_trail_that_was_rewritten_as_a_whole_is_found_by_a_kept_digest() -> None:
    kept = (2, digest_of(write(2)[1]))
    AuditEntry.objects.all().delete()
    AuditHead.objects.all().delete()
    write(3)
    AuditEntry.objects.update(sequence=F("sequence"))
    assert sentences() == []
    assert sentences(kept=kept) == ["entry 2 has another digest than the one that was kept"]


@pytest.mark.parametrize("way", ["gone", "behind", "other digest"])
def test_an_end_that_does_not_fit_is_found(way: str) -> None:
    write(2)
    if way == "gone":
        AuditHead.objects.all().delete()
    elif way == "behind":
        AuditHead.objects.update(sequence=1)
    else:
        AuditHead.objects.update(digest="f" * 64)
    assert sentences()


def test_entries_that_are_written_while_the_trail_is_read_are_no_break(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write(2)
    seen = breaks(1)
    original = AuditEntry.objects.filter
    written: list[AuditEntry] = []

    def filtered(**lookups: object) -> object:
        if not written:
            written.extend(write(1))
        return original(**lookups)

    monkeypatch.setattr(AuditEntry.objects, "filter", filtered)
    assert list(seen) == []
    assert written[0].sequence == 3


@given(
    st.dictionaries(
        st.sampled_from(["name", "quota", "note", "list"]),
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(-(2**60), 2**60),
            st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40),
            st.lists(st.integers(0, 9), max_size=3),
        ),
        max_size=4,
    )
)
def test_whatever_an_entry_holds_comes_back_with_the_same_digest(after: dict[str, object]) -> None:
    entry = log.record("domain.add", actor=ANN, tenant_id=1, obj=("domain", 1, "a"), after=after)
    assert digest_of(AuditEntry.objects.get(pk=entry.pk)) == digest_of(entry)


def test_an_entry_costs_three_statements(django_assert_num_queries: object) -> None:
    write(1)
    with django_assert_num_queries(3):  # type: ignore[operator]  # a fixture of pytest-django
        write(1)


def verify(*arguments: str) -> str:
    out = StringIO()
    call_command("verify_audit", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_says_that_all_is_whole_and_keeps_the_ends(tmp_path: Path) -> None:
    write(3), write(1, None)
    kept = tmp_path / "ends"
    assert verify("--write", str(kept)) == "4 entries in 2 trails are whole.\n"
    write(2)
    assert verify("--against", str(kept)) == "6 entries in 2 trails are whole.\n"
    AuditEntry.objects.all().delete()
    AuditHead.objects.all().delete()
    with pytest.raises(CommandError, match="2 breaks"):
        verify("--against", str(kept))


def test_the_command_names_each_break_and_fails() -> None:
    write(3)
    AuditEntry.objects.filter(sequence=2).update(actor_label="nobody")
    out = StringIO()
    with pytest.raises(CommandError, match="1 breaks in the audit trail"):
        call_command("verify_audit", stdout=out)
    assert out.getvalue() == "Tenant 1: entry 2 is not what it was when the next one was written.\n"
    assert verify("--tenant", "2") == "0 entries in 0 trails are whole.\n"


@pytest.mark.parametrize("text", ["", "1 2", "x y z", "1 x y", "\xff"])
def test_a_file_that_is_not_ours_is_refused_or_says_nothing(text: str, tmp_path: Path) -> None:
    path = tmp_path / "ends"
    path.write_text(text, encoding="latin-1")
    if text:
        with pytest.raises(CommandError, match="is not a file that verify_audit wrote"):
            verify("--against", str(path))
    else:
        assert verify("--against", str(path)).startswith("0 entries")
    with pytest.raises(CommandError):
        verify("--against", str(tmp_path / "missing"))
