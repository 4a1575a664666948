"""A trained network of histories: films watched, in order, become a state, whose products are the films' scores."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from movie_genie import weights
from movie_genie.artifacts import CONTRIBUTIONS, NETWORK
from movie_genie.errors import UserError
from movie_genie.inference.compiled import Floats, Items
from movie_genie.inference.film_table import FilmTable
from movie_genie.networks import Network, open_network

NOTHING = np.zeros((1, 1), bool)
"""An empty history is one place of padding."""

TOKENS_AT_ONCE = 4000
"""Films of all histories of a batch, padding included."""


@dataclass(frozen=True)
class SequenceModel:
    """What `training.export` wrote. Histories are item_idx, oldest first, and may be empty."""

    films: FilmTable
    max_history: int
    """The latest films of a history that the network reads."""
    network: Network
    """films (batch, time, dim), present (batch, time) -> (batch, dim)."""
    explain: Network | None
    """films (1, time, dim), present (1, time), items (n, dim) -> (n, time); None where the model gives no reasons."""

    @classmethod
    def load(cls, folder: Path, config: dict[str, Any], tensors: dict[str, Any]) -> "SequenceModel":
        """Open a model's folder, whose config and tensors were read; see `models.load` for what it raises."""
        items, dim = tensors["film_vectors"].shape
        weights.check(folder, tensors, {"film_vectors": (items, dim), "bias": (items,)})
        max_history = int(config["max_history"])
        explain = folder / CONTRIBUTIONS
        model = cls(
            FilmTable.of(tensors["film_vectors"], tensors["bias"]),
            max_history,
            open_network(folder / NETWORK, ("films", "present")),
            open_network(explain, ("films", "present", "items")) if explain.is_file() else None,
        )
        model._try(folder)
        return model

    def _try(self, folder: Path) -> None:
        """See that the network fits the film vectors, before compiled code takes its states on trust."""
        try:
            self.states([np.empty(0, np.int64)])
        except Exception as error:  # the runtime's errors have no common type but this
            raise UserError(f"{folder / NETWORK}: does not fit the film vectors: {error}") from None

    def __len__(self) -> int:
        """Size of the vocabulary."""
        return len(self.films)

    def states(self, histories: Sequence[Items]) -> Floats:
        """The network's state after each history: (cases, dim)."""
        if len(histories) == 1:
            state: Floats = self.network.run(None, self._alone(histories[0]))[0]
            return shaped(state, 1, self.films.codes.shape[1])
        states = np.empty((len(histories), self.films.codes.shape[1]), np.float32)
        for rows, films, present in self._batches(histories):
            states[rows] = self.network.run(None, {"films": films, "present": present})[0]
        return states

    def scores(self, histories: Sequence[Items]) -> Floats:
        """Every film's score as the next one of each history: (cases, items)."""
        return self.films.scores(self.states(histories))

    def scores_of(self, histories: Sequence[Items], candidates: Sequence[Items]) -> list[Floats]:
        """Scores of some films for each history: a (candidates,) each."""
        states = self.states(histories)
        return [self.films.scores_of(state, items) for state, items in zip(states, candidates, strict=True)]

    def contributions(self, history: Items, items: Items) -> Floats | None:
        """How much each of a history's latest films adds to the scores of `items`: (items, latest).

        To first order, as the exported gradient says; None where the model gives no reasons.
        """
        if self.explain is None:
            return None
        given = self._alone(history) | {"items": self.films.vectors(items)}
        found = shaped(self.explain.run(None, given)[0], len(items), given["present"].shape[1])
        return found if len(history) else found[:, :0]

    def likeness(self, item: int) -> Floats | None:
        """Every film's likeness to one of them: (items,), at most 1."""
        return self.films.cosines(item)

    def _alone(self, history: Items) -> dict[str, Any]:
        """What the network takes of one history, which is most of what is asked when serving."""
        if not len(history):
            return {"films": np.zeros((1, 1, self.films.codes.shape[1]), np.float32), "present": NOTHING}
        films = self.films.vectors(history[-self.max_history :])
        return {"films": films[None], "present": self._all_present[:, : len(films)]}

    @cached_property
    def _all_present(self) -> Any:
        """(1, max_history) true, of which each history takes what it needs."""
        return np.ones((1, self.max_history), bool)

    def _batches(self, histories: Sequence[Items]) -> Iterator[tuple[Items, Floats, Any]]:
        """Histories of like length side by side, padded on the left: places, (batch, time, dim), (batch, time)."""
        lengths = np.array([min(len(history), self.max_history) for history in histories])
        order = np.argsort(lengths, kind="stable")
        while len(order):
            # An empty history is one place of padding; the longest of the batch comes last.
            most = np.maximum(lengths[order], 1) * np.arange(1, len(order) + 1)
            rows = order[: max(1, int(np.searchsorted(most, TOKENS_AT_ONCE, side="right")))]
            order = order[len(rows) :]
            time = max(1, int(lengths[rows].max()))
            present = np.arange(time) >= time - lengths[rows][:, None]
            films = np.zeros((len(rows), time, self.films.codes.shape[1]), np.float32)
            films[present] = self.films.vectors(
                np.concatenate([histories[row][len(histories[row]) - lengths[row] :] for row in rows])
            )
            yield rows, films, present


def shaped(found: Floats, rows: int, columns: int) -> Floats:
    """What a network gave, if it is a table of this size: compiled code checks no index.

    Raises
    ------
    ValueError
    """
    if found.shape != (rows, columns) or found.dtype != np.float32:
        raise ValueError(f"its network gives {found.dtype} {found.shape}, expected float32 {(rows, columns)}")
    return found
