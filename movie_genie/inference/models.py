"""A trained model in its folder, whatever its kind: what a source of candidates and a ranker can both be."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from movie_genie import weights
from movie_genie.artifacts import FOLLOWERS, SEQUENCE_MODEL
from movie_genie.errors import UserError
from movie_genie.inference.compiled import Floats, Items
from movie_genie.inference.followers import Followers
from movie_genie.inference.sequence_model import SequenceModel


class Model(Protocol):
    """Scores films after histories; a history is item_idx, oldest first, and may be empty."""

    def __len__(self) -> int:
        """Size of the vocabulary."""
        ...

    def scores(self, histories: Sequence[Items]) -> Floats:
        """Every film's score as the next one of each history: (cases, items), higher is better."""
        ...

    def scores_of(self, histories: Sequence[Items], candidates: Sequence[Items]) -> list[Floats]:
        """Scores of some films for each history: a (candidates,) each."""
        ...

    def contributions(self, history: Items, items: Items) -> Floats | None:
        """How much each of a history's latest films adds to the scores of `items`: (items, latest).

        None where the model gives no reasons.
        """
        ...

    def likeness(self, item: int) -> Floats | None:
        """Every film's likeness to one of them: (items,), at most 1; None where the model knows none."""
        ...


KINDS: dict[str, type[SequenceModel] | type[Followers]] = {
    SEQUENCE_MODEL: SequenceModel,
    FOLLOWERS: Followers,
}
"""By the `kind` in a model's config.json."""


def load(folder: Path) -> Model:
    """Open a model's folder by memory map.

    Raises
    ------
    UserError
        When a file is missing or is not what it should be.
    """
    config, tensors = weights.load(folder)
    kind = config.get("kind")
    if kind not in KINDS:
        raise UserError(f"{folder / weights.CONFIG}: kind: expected one of {', '.join(KINDS)}, got {kind!r}")
    try:
        return KINDS[kind].load(folder, config, tensors)
    except KeyError as missing:
        raise UserError(f"{folder}: no {kind.replace('_', ' ')}: {missing} is missing") from None
    except (ValueError, TypeError, IndexError) as error:
        raise UserError(f"{folder}: no {kind.replace('_', ' ')}: {error}") from None
