"""Decision records count up and are listed; relative links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.markdown import Page, read_page

ROOT = Path(__file__).resolve().parents[2]
DECISIONS = ROOT / "docs" / "decisions"
RECORDS = sorted(path for path in DECISIONS.glob("*.md") if path.name != "README.md")
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "policies" / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs" / "policy").glob("*.md")),
    *sorted((ROOT / "docs" / "runbooks").glob("*.md")),
    *RECORDS,
    DECISIONS / "README.md",
]
LINK = re.compile(r"\[[^\]]+\]\((?P<target>[^)\s]+)\)")
PARTS = ["Why a decision was needed", "Decision", "Alternatives", "Consequences"]


def anchors(page: Page) -> set[str]:
    titles = [title for level in range(1, 5) for title in page.headings(level)]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_records_count_up_without_gaps() -> None:
    assert [path.name[:5] for path in RECORDS] == [f"{number:04}-" for number in range(1, len(RECORDS) + 1)]


def test_the_index_lists_every_record_by_its_title() -> None:
    index = read_page(DECISIONS / "README.md").tables("Records")
    titles = [
        (path.name, read_page(path).headings(1)[0].removeprefix(f"{path.name[:4]}: ")) for path in RECORDS
    ]
    assert [[f"[{name[:4]}]({name})", title] for name, title in titles] == index


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.name)
def test_a_record_follows_the_template(path: Path) -> None:
    page = read_page(path)
    assert page.headings(1)[0].startswith(f"{path.name[:4]}: ")
    assert [title for title in page.headings(2) if title in PARTS] == PARTS
    text = path.read_text(encoding="utf-8")
    assert re.search(r"^Status: (accepted|replaced by \d{4})$", text, re.MULTILINE)
    assert re.search(r"^Date: \d{4}-\d\d-\d\d$", text, re.MULTILINE)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_relative_links_resolve(path: Path) -> None:
    prose = "\n".join(line for _, line in read_page(path).prose)
    for match in LINK.finditer(prose):
        target, _, anchor = match["target"].partition("#")
        if "://" in target:
            continue
        file = (path.parent / target).resolve() if target else path
        assert file.exists(), match["target"]
        assert not anchor or anchor in anchors(read_page(file)), match["target"]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_paths_in_code_marks_are_there(path: Path) -> None:
    """A page that names a file of the project names one that exists; patterns and placeholders are let be."""
    text = path.read_text(encoding="utf-8")
    named = re.findall(r"`((?:src|tests|docs|scripts|policies|requirements)/[\w./-]+)`", text)
    named += [
        f"src/lucky_mcp/{name}"
        for name in re.findall(r"`((?:sql|policy|enforcement|catalog|model|gateway)/\w+\.\w+)`", text)
    ]
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_headings_of_a_page_are_told_apart() -> None:
    for path in PAGES:
        if path.name == "CHANGELOG.md":
            continue
        titles = [title for level in range(1, 5) for title in read_page(path).headings(level)]
        assert len(titles) == len(set(titles)), path.name
