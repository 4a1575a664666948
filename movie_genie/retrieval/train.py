"""Stage `two_tower_training`: the two-tower, and beside it the models that need no gradient."""

from pathlib import Path

from movie_genie.config import TwoTowerConfig
from movie_genie.config_file import parse_config
from movie_genie.errors import UserError
from movie_genie.retrieval.content_profile import ContentProfile
from movie_genie.retrieval.ease import Ease
from movie_genie.retrieval.sequential_ridge import SequentialRidge
from movie_genie.retrieval.two_tower import TwoTower
from movie_genie.training.examples import Content, Examples
from movie_genie.training.item_tower import Features
from movie_genie.training.run import Stage
from movie_genie.training.run import train as train_stage

ClosedForm = ContentProfile | Ease | SequentialRidge
"""All of them: A | B | …"""

CLOSED_FORMS: dict[str, type[ClosedForm]] = {
    "content_profile": ContentProfile,
    "ease": Ease,
    "sequential_ridge": SequentialRidge,
}
"""By the `kind` in configs/two_tower.yaml: settings that fit one protocol's examples and write a model's folder."""


def closed_forms(config: TwoTowerConfig) -> list[ClosedForm]:
    """Hold the settings of each model in closed form against the model's own, before anything is trained.

    Raises
    ------
    UserError
        One line: file, key, what was expected and what was found.
    """
    found: list[ClosedForm] = []
    for number, settings in enumerate(config.closed_forms):
        key = f"configs/two_tower.yaml: closed_forms.{number}"
        if settings.kind not in CLOSED_FORMS:
            expected = ", ".join(CLOSED_FORMS)
            raise UserError(f"{key}: kind: expected one of {expected}, got {settings.kind!r}")
        found.append(parse_config(settings.model_dump(), Path(key), CLOSED_FORMS[settings.kind]))
    return found


def train(config: TwoTowerConfig, root: Path) -> None:
    """Train the retrieval models of each protocol and write models/two_tower/.

    Raises
    ------
    UserError
        When a setting of a model in closed form is wrong.
    """
    forms = closed_forms(config)

    def build(content: Content, examples: Examples) -> TwoTower:
        return TwoTower(Features.of(content, examples), config)

    def beside(content: Content, examples: Examples, folder: Path) -> None:
        for form in forms:
            form.fit_and_write(content, examples, folder / form.name)

    train_stage(Stage("two_tower_training", "two_tower", build, beside), config, root)
