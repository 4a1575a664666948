"""What README and docs name exists: targets, scripts, files, settings, stages."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from movie_genie.backend.settings import Settings
from movie_genie.orchestration.dvc_graph import load_graph

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
ANY_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))

ADDRESSES_OF_READERS = {"my_room", "my_stage", "nextitnet"}
"""What the guides tell the reader to write."""


def code(page: Path) -> str:
    """Commands and inline code of a page."""
    text = page.read_text(encoding="utf-8")
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL))


@ANY_PAGE
def test_every_make_target_exists(page: Path) -> None:
    rules = "\n".join(path.read_text() for path in ROOT.glob("*.mk")) + (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z0-9-]+):", rules, re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z][a-z0-9-]*)", code(page)))
    assert named <= targets


@ANY_PAGE
def test_every_path_exists(page: Path) -> None:
    folders = "scripts|configs|movie_genie|tests|dags|frontend/src|docs"
    named = set(re.findall(rf"(?<![\w/])((?:{folders})/[\w./-]*\w)", code(page)))
    missing = {
        path
        for path in named
        if not (ROOT / path).exists() and not any(word in path for word in ADDRESSES_OF_READERS)
    }
    assert not missing


@ANY_PAGE
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


def test_every_stage_is_described_in_the_pipeline_guide() -> None:
    guide = (ROOT / "docs/how-to/dvc-pipeline.md").read_text(encoding="utf-8")
    for name, stage in load_graph(ROOT / "dvc.yaml").stages.items():
        assert f"| `{name}` | {stage.meta['group']} |" in guide


def test_every_variable_of_the_app_is_documented() -> None:
    reference = (ROOT / "docs/reference/configuration.md").read_text(encoding="utf-8")
    aliases = {field.alias for field in Settings.model_fields.values()}
    assert {alias for alias in aliases if f"`{alias}`" not in reference} == set()


def test_every_config_file_is_in_the_reference() -> None:
    reference = (ROOT / "docs/reference/configuration.md").read_text(encoding="utf-8")
    for path in (ROOT / "configs").glob("*.yaml"):
        assert f'--8<-- "configs/{path.name}"' in reference, path.name


def test_pages_ask_no_other_host_for_anything() -> None:
    settings = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert "font: false" in settings
    for page in PAGES:
        assert not re.search(
            r"!\[[^\]]*\]\(https?:|<(script|img|link)\b[^>]*https?:", page.read_text(encoding="utf-8")
        )


FIGURES = [
    pytest.param(page, results, table, id=f"{page.name}-{Path(results).stem}")
    for page in PAGES
    for results, table in re.findall(
        r"<!-- figures: (\S+) -->\n((?:\|.*\n)+)", page.read_text(encoding="utf-8")
    )
]
"""Tables of what a benchmark measured, each after a comment that names its results."""


def numbers(value: object) -> Iterator[float]:
    """Every number in a JSON document."""
    if isinstance(value, dict):
        for inside in value.values():
            yield from numbers(inside)
    elif isinstance(value, int | float):
        yield value


def test_a_figure_is_rounded_to_the_digits_that_are_shown() -> None:
    assert list(numbers({"a": 1.26, "b": {"c": 3, "d": "4"}})) == [1.26, 3]
    assert is_shown("1.3", [1.26]) and is_shown("1,500", [1499.6]) and not is_shown(".27", [0.26])


def is_shown(figure: str, measured: list[float]) -> bool:
    digits = len(figure.partition(".")[2])
    return float(figure.replace(",", "")) in {round(number, digits) for number in measured}


@pytest.mark.parametrize(("page", "results", "table"), FIGURES)
def test_every_figure_was_measured(page: Path, results: str, table: str) -> None:
    """All cells but the first of a row are numbers of the committed results."""
    path = ROOT / results
    if not path.exists():
        pytest.skip(f"{results} is not there: the benchmark has not been run since the figures were written")
    measured = list(numbers(json.loads(path.read_text(encoding="utf-8"))))
    cells = [cell.strip() for row in table.splitlines()[2:] for cell in row.split("|")[2:-1]]
    assert cells
    assert [cell for cell in cells if not is_shown(cell, measured)] == []
