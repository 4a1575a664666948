"""Reads a YAML file into a pydantic model: unknown keys and bad values are one line naming file and key."""

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from movie_genie.errors import UserError


class Config(BaseModel):
    """A file of configs/, read once and passed on as an argument."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, protected_namespaces=(), strict=True, allow_inf_nan=False
    )


C = TypeVar("C", bound=Config)


def load_config(path: Path, model: type[C]) -> C:
    """Read a YAML file into its model.

    Raises
    ------
    UserError
        One line: file, key, what was expected and what was found.
    """
    return parse_config(read_yaml(path), path, model)


def read_yaml(path: Path) -> Any:  # Any: the document's shape is the model's to check
    """Read one YAML document."""
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: not found") from None
    except IsADirectoryError:
        raise UserError(f"{path}: expected a file, found a folder") from None
    except yaml.MarkedYAMLError as error:
        where = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise UserError(f"{path}: not valid YAML: {where}{error.problem}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error


def parse_config(value: Any, path: Path, model: type[C]) -> C:  # Any: see read_yaml
    """Hold a document against its model; `path` is named in the error."""
    if not isinstance(value, dict):
        raise UserError(f"{path}: expected keys and values, found {type(value).__name__}")
    try:
        return model.model_validate(value)
    except ValidationError as error:
        problems = "; ".join(_describe(problem) for problem in error.errors())
        raise UserError(f"{path}: {problems}") from None


def _describe(problem: Any) -> str:  # Any: pydantic's ErrorDetails
    """One pydantic error as `key: expected …, got …`."""
    key = ".".join(str(part) for part in problem["loc"])
    kind, context, got = problem["type"], problem.get("ctx", {}), problem["input"]
    if kind == "missing":
        return f"{key}: missing"
    if kind == "extra_forbidden":
        return f"{key}: unknown key"
    if kind == "value_error":  # of a whole model it names its keys itself
        return f"{key}: {context['error']}, got {got!r}" if isinstance(got, list) else str(context["error"])
    expected = problem["msg"].removeprefix("Input should be ").removeprefix("a valid ")
    return f"{key}: expected {expected}, got {got!r}"
