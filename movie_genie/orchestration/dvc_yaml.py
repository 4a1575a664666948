"""A dvc.yaml's text as plain stage definitions: variables filled in, `foreach` and `matrix` written out."""

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from posixpath import join, normpath
from typing import Any

import yaml


class GraphError(ValueError):
    """One line: which file and key of the pipeline is wrong, and what was expected."""


PLACEHOLDER = re.compile(r"(?<!\\)\$\{(.*?)\}")
"""`${name}`; with a backslash before it, DVC takes it for text."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # the base is chosen at run time
    """YAML 1.2's scalars, as DVC reads them: `yes` and `on` are words, and 1e-3 is a number."""


_OLD_TAGS = ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:float")
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _OLD_TAGS]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(
        r"^[-+]?(?:\d+\.\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+|\.(?:inf|Inf|INF))$|^\.(?:nan|NaN|NAN)$"
    ),
    list("-+0123456789."),
)


class Files:
    """Files as they were when a pipeline was read, with digests to tell whether they still are."""

    def __init__(self) -> None:
        self.digests: dict[Path, str | None] = {}

    def unchanged(self) -> bool:
        """Whether each file read, or found missing, would be found the same now."""
        return all(_digest(_bytes(path)) == known for path, known in self.digests.items())

    def read(self, path: Path) -> Mapping[str, Any] | None:  # Any: YAML's values
        """One mapping from a YAML, JSON or TOML file; None where there is no such file.

        Raises
        ------
        GraphError
            When the file holds something else.
        """
        content = _bytes(path)
        self.digests[path] = _digest(content)
        if content is None:
            return None
        if path.suffix == ".py":
            raise GraphError(
                f"{path}: Python parameter files are not read without DVC; use YAML, JSON or TOML"
            )
        try:
            if path.suffix == ".toml":
                value: Any = tomllib.loads(content.decode())
            else:
                value = yaml.load(content, Loader=_Loader)  # noqa: S506  # a safe loader's subclass
        except (yaml.YAMLError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise GraphError(f"{path}: cannot be parsed: {' '.join(str(error).split())}") from error
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            raise GraphError(f"{path}: expected keys and values, found {type(value).__name__}")
        return value


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise GraphError(f"{path}: cannot be read: {error.strerror}") from error


def _digest(content: bytes | None) -> str | None:
    return None if content is None else hashlib.sha256(content).hexdigest()


def stage_definitions(path: Path, files: Files) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each stage's name and definition, resolved as DVC resolves it; generated stages are `name@key`.

    Raises
    ------
    GraphError
        When the file is missing, or says something that cannot be resolved without DVC.
    """
    document = files.read(path)
    if document is None:
        raise GraphError(f"{path}: not found")
    stages = document.get("stages") or {}
    if not isinstance(stages, Mapping):
        raise GraphError(f"{path}: stages: expected stages by name, found {type(stages).__name__}")
    variables = _Variables(path, files)
    if files.read(path.parent / "params.yaml") is not None:
        variables.load(["params.yaml"], "", "vars")
    variables.load(document.get("vars") or [], "", "vars")
    for name, definition in stages.items():
        where = f"{path}: stages.{name}"
        if not isinstance(name, str) or not isinstance(definition, Mapping):
            raise GraphError(f"{where}: expected a name and keys with values")
        for generated, template, extra in _instances(name, definition, variables.values, where):
            scope = variables.extended(extra)
            if template.get("vars"):
                wdir = _text(_resolve(template.get("wdir", ""), scope.values, f"{where}.wdir"))
                scope.load(template["vars"], wdir, f"stages.{name}.vars")
            yield (
                generated,
                {k: _resolve(v, scope.values, f"{where}.{k}") for k, v in template.items() if k != "vars"},
            )


def _instances(
    name: str, definition: Mapping[str, Any], values: Mapping[str, Any], where: str
) -> Iterator[tuple[str, Mapping[str, Any], dict[str, Any]]]:
    """A definition's stages: itself, or one for each item of `foreach` or combination of `matrix`."""
    if "foreach" in definition:
        template = definition.get("do")
        if not isinstance(template, Mapping):
            raise GraphError(f"{where}.do: expected a stage's keys and values beside foreach")
        items = _resolve(definition["foreach"], values, f"{where}.foreach")
        if isinstance(items, Mapping):
            for key, item in items.items():
                yield f"{name}@{_text(key)}", template, {"item": item, "key": _text(key)}
        elif isinstance(items, list):
            composite = any(isinstance(item, Mapping | list) for item in items)
            for position, item in enumerate(items):
                yield f"{name}@{position if composite else _text(item)}", template, {"item": item}
        else:
            raise GraphError(f"{where}.foreach: expected a list or keys with values, got {items!r}")
    elif "matrix" in definition:
        template = {key: value for key, value in definition.items() if key != "matrix"}
        axes = _resolve(definition["matrix"], values, f"{where}.matrix")
        if not isinstance(axes, Mapping) or not all(isinstance(axis, list) for axis in axes.values()):
            raise GraphError(f"{where}.matrix: expected a list for each key")
        for choice in product(*(enumerate(axis) for axis in axes.values())):
            item = {axis: value for axis, (_, value) in zip(axes, choice, strict=True)}
            key = "-".join(
                f"{axis}{position}" if isinstance(value, Mapping | list) else _text(value)
                for axis, (position, value) in zip(axes, choice, strict=True)
            )
            yield f"{name}@{key}", template, {"item": item, "key": key}
    else:
        yield name, definition, {}


class _Variables:
    """What placeholders may name: params.yaml, then `vars`, of which DVC lets none replace another."""

    def __init__(self, path: Path, files: Files) -> None:
        self.path = path
        self.files = files
        self.values: dict[str, Any] = {}
        self.loaded: set[str] = set()

    def extended(self, extra: Mapping[str, Any]) -> "_Variables":
        """A copy for one stage, with its `item` and `key` in it."""
        copy = _Variables(self.path, self.files)
        copy.values = {**self.values, **extra}
        copy.loaded = set(self.loaded)
        return copy

    def load(self, entries: object, wdir: str, where: str) -> None:
        """Add the entries of a `vars`: mappings, or files as `path` or `path:key,key`."""
        if not isinstance(entries, list):
            raise GraphError(f"{self.path}: {where}: expected a list, got {entries!r}")
        for entry in entries:
            if isinstance(entry, str):
                values = self._from_file(entry, wdir, where)
            elif isinstance(entry, Mapping):
                values = entry
            else:
                raise GraphError(f"{self.path}: {where}: expected a file or keys with values, got {entry!r}")
            _merge(self.values, values, f"{self.path}: {where}")

    def _from_file(self, entry: str, wdir: str, where: str) -> Mapping[str, Any]:
        name, _, keys = entry.partition(":")
        name = normpath(join(wdir, name))
        if name in self.loaded and not keys:
            return {}
        found = self.files.read(self.path.parent / name)
        if found is None:
            raise GraphError(f"{self.path}: {where}: {name} not found")
        wanted = [key for key in keys.split(",") if key] or list(found)
        missing = [key for key in wanted if key not in found]
        if missing:
            raise GraphError(f"{self.path}: {where}: {name} has no key {missing[0]!r}")
        self.loaded.add(name)
        return {key: found[key] for key in wanted}


def _merge(into: dict[str, Any], new: Mapping[str, Any], where: str) -> None:
    for key, value in new.items():
        old = into.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            merged = dict(old)
            _merge(merged, value, where)
            into[key] = merged
        elif key in into:
            raise GraphError(f"{where}: {key!r} is already set, and DVC lets no variable replace another")
        else:
            into[key] = value


def _resolve(value: Any, values: Mapping[str, Any], where: str) -> Any:
    """`value` with every placeholder in it, at any depth, filled in from `values`."""
    if isinstance(value, str):
        return _fill(value, values, where)
    if isinstance(value, Mapping):
        return {_text(_resolve(k, values, where)): _resolve(v, values, where) for k, v in value.items()}
    if isinstance(value, list):
        return [_resolve(item, values, where) for item in value]
    return value


def _fill(text: str, values: Mapping[str, Any], where: str) -> Any:
    whole = PLACEHOLDER.fullmatch(text)
    if whole and "${" not in whole[1]:
        found = _select(whole[1], values, where)
        # DVC turns a mapping in a command into flags; here, where commands are only shown, its name stays.
        return text if isinstance(found, Mapping | list) and where.endswith(".cmd") else found

    def one(match: re.Match[str]) -> str:
        found = _select(match[1], values, where)
        if isinstance(found, Mapping) and where.endswith(".cmd"):
            return match[0]
        if isinstance(found, Mapping | list):
            raise GraphError(f"{where}: {match[0]} is no single value, and cannot stand inside {text!r}")
        return _text(found)

    return PLACEHOLDER.sub(one, text).replace(r"\${", "${")


def _select(expression: str, values: Mapping[str, Any], where: str) -> Any:
    """The value that `a.b[0]` names."""
    found: Any = values
    for key in expression.strip().replace("[", ".").replace("]", "").split("."):
        if isinstance(found, Mapping) and key in found:
            found = found[key]
        elif isinstance(found, list) and key.isdigit() and int(key) < len(found):
            found = found[int(key)]
        else:
            raise GraphError(f"{where}: ${{{expression}}} is not set in params.yaml or vars")
    return found


def _text(value: Any) -> str:
    """A scalar as DVC writes it into text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
