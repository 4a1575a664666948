"""A trained model in its folder, whatever its kind: what a source of candidates and a ranker can both be."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, TypeGuard

from movie_genie import weights
from movie_genie.artifacts import CONTENT_PROFILE, FOLLOWERS, SEQUENCE_MODEL
from movie_genie.errors import UserError
from movie_genie.history import History
from movie_genie.inference.compiled import Floats, Items
from movie_genie.inference.content_profile import ContentProfile
from movie_genie.inference.followers import Followers
from movie_genie.inference.sequence_model import SequenceModel


class Model(Protocol):
    """Scores films after histories, which may be empty.

    A model that is not told how films were rated reads those `in_favour`, and passes the others over.
    """

    def __len__(self) -> int:
        """Size of the vocabulary."""
        ...

    def read(self, histories: Sequence[History]) -> Floats:
        """What the model makes of each history, for its other methods to take: (cases, …)."""
        ...

    def scores(self, read: Floats) -> Floats:
        """Every film's score as the next one of each history: (cases, items), higher is better."""
        ...

    def scores_of(self, read: Floats, items: Items) -> Floats:
        """One history's scores of some films: (…,), (n,) -> (n,)."""
        ...

    def contributions(self, history: History, items: Items) -> Floats | None:
        """How much each of the latest films in favour adds to the scores of `items`: (items, latest in favour).

        None where the model gives no reasons.
        """
        ...

    def likeness(self, item: int) -> Floats | None:
        """Every film's likeness to one of them: (items,), at most 1; None where the model knows none."""
        ...


KINDS: dict[str, type[SequenceModel] | type[Followers] | type[ContentProfile]] = {
    SEQUENCE_MODEL: SequenceModel,
    FOLLOWERS: Followers,
    CONTENT_PROFILE: ContentProfile,
}
"""By the `kind` in a model's config.json."""


def predicts_stars(model: Model) -> TypeGuard[SequenceModel]:
    """Whether a model's `stars` may be asked."""
    return isinstance(model, SequenceModel) and model.usual_stars is not None


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
