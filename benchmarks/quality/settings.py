"""The committed settings, what a data set changes in them, and an experiment: `bert4rec.blocks=1`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from movie_genie.config import (
    Bert4RecConfig,
    ContentConfig,
    EvaluationConfig,
    SequencesConfig,
    TwoTowerConfig,
)
from movie_genie.config_file import parse_config, read_yaml
from movie_genie.errors import UserError

OF_DATA_SETS = Path(__file__).parent / "settings"
"""`<data set>.yaml`, where one deserves other settings than the default pipeline's: for each file what it changes."""

FILES = ("sequences", "content", "two_tower", "bert4rec", "evaluation")
"""Of configs/; the data set itself is chosen by its name."""


@dataclass(frozen=True)
class Settings:
    """What each stage is run with."""

    sequences: SequencesConfig
    content: ContentConfig
    two_tower: TwoTowerConfig
    bert4rec: Bert4RecConfig
    evaluation: EvaluationConfig

    def seeded(self, number: int) -> "Settings":
        """The same, with both trainings' seeds raised by `number`."""
        return replace(
            self,
            two_tower=self.two_tower.model_copy(update={"seed": self.two_tower.seed + number}),
            bert4rec=self.bert4rec.model_copy(update={"seed": self.bert4rec.seed + number}),
        )


def load(configs: Path, data_set: str, overrides: Sequence[str]) -> Settings:
    """Read the files of `configs`, change what the data set changes, then `overrides`, and check the outcome.

    Raises
    ------
    UserError
        When an override is none, or makes a file wrong.
    """
    documents = {name: read_yaml(configs / f"{name}.yaml") for name in FILES}
    own = OF_DATA_SETS / f"{data_set}.yaml"
    for name, changes in read_yaml(own).items() if own.is_file() else ():
        documents[name] |= changes
    for override in overrides:
        keys, value = parse(override)
        put(documents, keys, value, override)
    paths = {name: configs / f"{name}.yaml" for name in FILES}
    return Settings(
        parse_config(documents["sequences"], paths["sequences"], SequencesConfig),
        parse_config(documents["content"], paths["content"], ContentConfig),
        parse_config(documents["two_tower"], paths["two_tower"], TwoTowerConfig),
        parse_config(documents["bert4rec"], paths["bert4rec"], Bert4RecConfig),
        parse_config(documents["evaluation"], paths["evaluation"], EvaluationConfig),
    )


def parse(override: str) -> tuple[list[str], Any]:  # Any: whatever YAML says
    """Split an override into its keys and its value, which is YAML.

    >>> parse("bert4rec.blocks=1")
    (['bert4rec', 'blocks'], 1)

    Raises
    ------
    UserError
    """
    name, equals, text = override.partition("=")
    keys = name.strip().split(".")
    if not equals or len(keys) < 2 or not all(keys) or keys[0] not in FILES:
        raise UserError(
            f"--set {override}: expected FILE.KEY=VALUE, as in bert4rec.blocks=1; files are {', '.join(FILES)}"
        )
    try:
        return keys, yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UserError(f"--set {override}: the value is not valid YAML") from error


def put(document: Any, keys: Sequence[str], value: Any, override: str) -> None:  # Any: see parse
    """Set the value at some keys, one inside the other; a number counts into a list, from 0.

    Raises
    ------
    UserError
        When there is nothing at a key.
    """
    *outer, last = keys
    try:
        for key in outer:
            document = document[int(key)] if isinstance(document, list) else document[key]
        if isinstance(document, list):
            document[int(last)] = value
        elif last in document:
            document[last] = value
        else:
            raise KeyError(last)
    except (KeyError, IndexError, ValueError, TypeError):
        raise UserError(f"--set {override}: the files have no such key") from None
