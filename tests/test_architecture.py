"""The shape of the code: measured, shown at the end of the run, and held."""

import ast
import re
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PRODUCT = [
    path
    for app in ("panel", "domains", "mailboxes")
    for path in sorted((ROOT / app).rglob("*.py"))
    if "migrations" not in path.parts
]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
WRITTEN = [
    *PRODUCT,
    *TESTS,
    *TEMPLATES,
    *(path for ending in ("js", "css") for path in sorted((ROOT / "panel/static").rglob(f"*.{ending}"))),
    *(path for path in sorted((ROOT / "deploy").rglob("*")) if path.is_file() and path.suffix != ".lock"),
]
Tell = Callable[[str], None]
Function = ast.FunctionDef | ast.AsyncFunctionDef
# Read by people, so a test that looks for it has to spell it in two halves.
UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|HA" r"CK)\b")
# Where a test changes what the code does, not a figure or a setting that it reads.
STAND_INS = {"Mock", "MagicMock", "AsyncMock", "patch", "create_autospec"}


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(paths: list[Path]) -> Iterator[tuple[Path, Function]]:
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, Function):
                yield path, node


def lines_of(node: Function) -> int:
    assert node.end_lineno is not None
    return node.end_lineno - node.lineno + 1


def found(paths: list[Path], pattern: str | re.Pattern[str], *, unless: str = r"(?!)") -> list[str]:
    """`file:line` of each line with the pattern that has not the other one."""
    return [
        f"{shown(path)}:{number}: {line.strip()}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if re.search(pattern, line) and not re.search(unless, line)
    ]


def test_functions_are_short(tell: Tell):
    measured = sorted(lines_of(node) for _, node in functions(PRODUCT))
    median, ninth = statistics.median(measured), measured[len(measured) * 9 // 10]
    tell(
        f"functions: {len(measured)}, {median:g} lines at the median, 90 % at most {ninth}, longest {measured[-1]}"
    )
    assert median <= 8
    assert [f"{shown(path)}:{node.name}" for path, node in functions(PRODUCT) if lines_of(node) >= 40] == []


@pytest.mark.parametrize(("name", "paths"), [("product", PRODUCT), ("tests", TESTS)])
def test_files_are_small(name: str, paths: list[Path], tell: Tell):
    counted = {shown(path): len(path.read_text(encoding="utf-8").splitlines()) for path in paths}
    small = sum(lines < 300 for lines in counted.values()) / len(counted)
    tell(
        f"files of {name}: {len(counted)} with {sum(counted.values())} lines, {small:.0%} under 300,"
        f" largest {max(counted.values())}"
    )
    assert small >= 0.9
    assert {path: lines for path, lines in counted.items() if lines >= 400} == {}


def test_all_five_import_contracts_are_kept(tell: Tell):
    run = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    kept = re.search(r"Contracts: (\d+) kept, (\d+) broken", run.stdout)
    assert kept is not None, run.stdout + run.stderr
    tell(f"import contracts: {kept[1]} kept, {kept[2]} broken")
    assert kept.groups() == ("5", "0"), run.stdout


def test_real_things_are_tested_with_at_most_two_stand_ins_per_hundred_tests(tell: Tell):
    tests = [node for _, node in functions(TESTS) if node.name.startswith("test_")]
    count = sum(is_stand_in(node) for path in TESTS for node in ast.walk(ast.parse(path.read_text())))
    tell(f"tests: {len(tests)} functions with {count} stand-ins, {100 * count / len(tests):.1f} per 100")
    assert count <= len(tests) * 2 / 100


def is_stand_in(node: ast.AST) -> bool:
    """A mock, or a function that a test puts over one of ours."""
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name == "setattr" and isinstance(node.func, ast.Attribute):
        return isinstance(node.args[-1], ast.Lambda | ast.Name | ast.Attribute)
    return name in STAND_INS


def test_nothing_is_left_for_later():
    assert found(WRITTEN, UNFINISHED) == []


def test_no_test_is_skipped_or_expected_to_fail():
    pattern = r"\bpytest\.(?:mark\.)?(?:ski" r"p|xfai" r"l|importorski" r"p)|\bski" r"pTest\b"
    assert found(TESTS, pattern) == []


def test_no_template_has_a_style_or_script_of_its_own():
    handlers = r"<style|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|javascript:|<script(?![^>]*\ssrc=)"
    assert found(TEMPLATES, handlers) == []


def test_what_is_trusted_as_html_says_why():
    assert found(TEMPLATES, r"\|\s*safe\b|\bautoescape\s+off\b|\|\s*safeseq\b") == []
    trusted = r"\b(?:mark_safe|SafeString|csrf_exempt)\(|@csrf_exempt"
    assert found(PRODUCT, trusted, unless=r"# noqa: \w+ -- \w+|mark_safe\((?:'[^']*'|\"[^\"]*\")\)") == []


def test_no_page_goes_without_protection_against_forged_requests():
    assert found(PRODUCT, r"csrf_exempt|requires_csrf_token") == []
