"""The stages of a dvc.yaml as it is written.

DVC's templates (`vars`, `foreach`, `matrix`, `${…}`) are refused: only DVC can say what they stand for.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""PyYAML's compiled parser, ten times as fast, where PyYAML was built with it."""

VARIABLE = re.compile(r"(?<!\\)\$\{.*?\}")
"""`${name}`; with a backslash before it, DVC takes it for text."""


class GraphError(ValueError):
    """One line: which file and key of the pipeline is wrong, and what was expected."""


def stage_definitions(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:  # Any: YAML's values
    """Each stage's name and definition, in the file's order.

    Raises
    ------
    GraphError
        When the file cannot be read, has another shape, or uses one of DVC's templates.
    """
    document = _document(path)
    if "vars" in document:
        raise GraphError(_refusal(path, "vars"))
    stages = document.get("stages") or {}
    if not isinstance(stages, Mapping):
        raise GraphError(f"{path}: stages: expected stages by name, found {type(stages).__name__}")
    for name, definition in stages.items():
        where = f"stages.{name}"
        if not isinstance(name, str) or not isinstance(definition, Mapping):
            raise GraphError(f"{path}: {where}: expected a name and keys with values")
        for key, value in definition.items():
            if key in {"vars", "foreach", "matrix"}:
                raise GraphError(_refusal(path, f"{where}.{key}"))
            for text in _texts(value):
                if variable := VARIABLE.search(text):
                    raise GraphError(_refusal(path, f"{where}.{key}", variable[0]))
        yield name, definition


def _document(path: Path) -> Mapping[str, Any]:  # Any: YAML's values
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)  # noqa: S506  # both are safe
    except FileNotFoundError:
        raise GraphError(f"{path}: not found") from None
    except OSError as error:
        raise GraphError(f"{path}: cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise GraphError(f"{path}: cannot be parsed: {' '.join(str(error).split())}") from error
    if document is None:
        return {}
    if not isinstance(document, Mapping):
        raise GraphError(f"{path}: expected keys and values, found {type(document).__name__}")
    return document


def _refusal(path: Path, key: str, variable: str = "") -> str:
    found = f" {variable}" if variable else ""
    return f"{path}: {key}:{found} is one of DVC's templates, which are not read here; write each stage out"


def _texts(value: object) -> Iterator[str]:
    """Every text in a value, keys too, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(key)
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
