"""The order of the rooms is one fact, and DVC is told the code that a stage really runs."""

import ast
import importlib
import re
import tomllib
from functools import cache
from pathlib import Path

import grimp
import pytest

from movie_genie.orchestration.dvc_graph import load_graph

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "movie_genie"
STAGES = load_graph(ROOT / "dvc.yaml").stages

NO_RESULT = {"cli", "config", "config_file", "errors", "files", "recorder", "revisions", "tracking"}
"""Modules of the ground floor that stages need not depend on.

They parse arguments, check settings (whose values stand in files that DVC sees), say errors, write bytes as they
are given and take notes on a run: no change of theirs is a reason to train again.
"""


@cache
def imports() -> grimp.ImportGraph:
    """Who imports whom, at its top or inside a function; what only type checkers import does not count."""
    return grimp.build_graph("movie_genie", exclude_type_checking_imports=True, cache_dir=None)


def layers() -> list[str]:
    """The rooms of the contract in pyproject.toml, top to bottom; the ground floor's modules are the last entry."""
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (contract,) = [one for one in linter["contracts"] if one["type"] == "layers"]
    return [
        layer for layer in contract["layers"] if not layer.startswith("(") or (PACKAGE / layer[1:-1]).is_dir()
    ]


def rooms() -> list[str]:
    return [layer.strip("()") for layer in layers()[:-1]]


def ground_floor() -> set[str]:
    return set(layers()[-1].split(" : "))


def test_the_contract_has_every_room_and_every_module_of_the_ground_floor():
    found = [path for path in PACKAGE.iterdir() if not path.name.startswith("__")]
    assert sorted(rooms()) == sorted(path.name for path in found if path.is_dir())
    assert ground_floor() == {path.stem for path in found if path.is_file()}


def test_the_packages_docstring_names_the_rooms_in_the_contracts_order():
    said = importlib.import_module("movie_genie").__doc__.partition("never up:")[2]
    above, ground = said.split(". ", 1)
    assert re.findall(r"\w+", above) == rooms()
    assert set(re.findall(r"`(\w+)`", ground)) == ground_floor()


def test_the_architecture_page_names_the_rooms_in_the_contracts_order():
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8").partition("## The rooms")[2]
    cells = re.findall(r"^\| (`movie_genie/.*?`) \|", page, re.MULTILINE)
    assert [name for cell in cells[:-1] for name in re.findall(r"`movie_genie/(\w+)/`", cell)] == rooms()
    (names,) = re.findall(r"movie_genie/\{(.*)\}\.py", cells[-1])
    assert set(names.split(",")) == ground_floor()


def room_of(module: str) -> str:
    """A module's room; the ground floor's modules are one room."""
    first = module.split(".")[1] if "." in module else ""
    return first if first in rooms() else "ground floor"


def strings(path: Path) -> list[ast.Constant]:
    """String constants of a source that are no docstring: parts of f-strings too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    prose = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in prose
    ]


def named_rooms(text: str) -> set[str]:
    """Rooms whose module or file a text names: `movie_genie.engine.search`, `engine/search.py`, `engine/*.py`."""
    names = [*rooms(), *ground_floor()]
    after_package = re.findall(rf"movie_genie[./]({'|'.join(names)})\b", text)
    files = re.findall(rf"(?<![\w/])({'|'.join(rooms())})/[\w*/]*\.py\b", text)
    return {room_of(f"movie_genie.{name}") for name in [*after_package, *files]}


def test_a_rooms_name_is_found_in_a_string():
    assert named_rooms("-m movie_genie.backend.app") == {"backend"}
    assert named_rooms("see movie_genie/engine and releases/store.py") == {"engine", "releases"}
    assert named_rooms("sqlite:///run/movie_genie.db, releases/current") == set()


def test_no_module_names_another_room_by_a_string():
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        own = room_of(".".join(path.relative_to(ROOT).with_suffix("").parts))
        found += [
            f"{path.relative_to(ROOT)}:{constant.lineno}: {room}"
            for constant in strings(path)
            for room in named_rooms(constant.value) - {own}
        ]
    assert found == []


def reached(start: set[str]) -> set[str]:
    """Modules, and what they import, and so on, less what stages need not depend on."""
    used: set[str] = set()
    new = start
    while new:
        used |= new
        new = {name for module in new for name in imports().find_modules_directly_imported_by(module)}
        new = {name for name in new if name not in used and not exempt(name)}
    return used


def imported_by_script(script: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {name for name in names if name in imports().modules and not exempt(name)}


def exempt(module: str) -> bool:
    """Whether no stage need depend on a module: see NO_RESULT; and a room's `__init__` holds two lines of prose."""
    return module.removeprefix("movie_genie.") in NO_RESULT or is_room(module)


def is_room(module: str) -> bool:
    return (ROOT / module.replace(".", "/")).is_dir()


def listed(dep: str) -> set[str]:
    """The modules of a dependency: itself, or all that are in a folder."""
    name = dep.removesuffix(".py").replace("/", ".")
    inside = {module for module in imports().modules if module == name or module.startswith(f"{name}.")}
    return {module for module in inside if not is_room(module)}


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_depends_on_the_code_that_it_runs_and_on_no_other(name: str):
    """Else a change of that code would not run the stage again, or one of another would."""
    stage = STAGES[name]
    script, *code = [dep for dep in stage.deps if dep.endswith(".py") or dep.startswith("movie_genie/")]
    assert script == stage.cmd[0].split()[1]
    told = {dep: listed(dep) for dep in code}
    # A room that is listed whole may be run by its name, as `python -m movie_genie.releases check` is.
    entries = {f"{dep.replace('/', '.')}.__main__" for dep in code} & imports().modules
    used = reached(imported_by_script(ROOT / script) | entries)
    missing = used - set().union(*told.values())
    unused = {dep: sorted(modules - used) for dep, modules in told.items() if not modules or modules - used}
    assert (sorted(missing), unused) == ([], {})
