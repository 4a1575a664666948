"""A trained network of histories: films watched, in order, become a state, whose products are the films' scores."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from movie_genie import weights
from movie_genie.artifacts import CONTRIBUTIONS, NETWORK
from movie_genie.errors import UserError
from movie_genie.history import HIGHEST, LOWEST, History
from movie_genie.inference.compiled import Floats, Items
from movie_genie.inference.film_table import FilmTable, products_of
from movie_genie.networks import Network, open_network

TOKENS_AT_ONCE = 4000
"""Films of all histories of a batch, padding included."""

FILM_INPUTS = ("films", "present")
RATING_INPUTS = ("stars", "usual", "ages")


@dataclass(frozen=True)
class SequenceModel:
    """What `training.export` wrote."""

    films: FilmTable
    max_history: int
    """The latest films of a history that the network reads."""
    usual_stars: Floats | None
    """(items,) stars that each film usually gets; None where the network is not told how films were rated."""
    network: Network
    """FILM_INPUTS, and RATING_INPUTS where it is told of ratings -> (batch, width)."""
    explain: Network | None
    """films (1, time, dim), present (1, time), items (n, dim) -> (n, time); None where the model gives no reasons."""

    @classmethod
    def load(cls, folder: Path, config: dict[str, Any], tensors: dict[str, Any]) -> "SequenceModel":
        """Open a model's folder, whose config and tensors were read; see `models.load` for what it raises."""
        items, dim = tensors["film_vectors"].shape
        # Of a release from before ratings were read, it is missing.
        reads_ratings = bool(config.get("reads_ratings"))
        usual = {"usual_stars": (items,)} if reads_ratings else {}
        weights.check(folder, tensors, {"film_vectors": (items, dim), "bias": (items,), **usual})
        explain = folder / CONTRIBUTIONS
        inputs = FILM_INPUTS + RATING_INPUTS if reads_ratings else FILM_INPUTS
        model = cls(
            FilmTable.of(tensors["film_vectors"], tensors["bias"]),
            int(config["max_history"]),
            tensors["usual_stars"] if reads_ratings else None,
            open_network(folder / NETWORK, inputs),
            open_network(explain, (*FILM_INPUTS, "items")) if explain.is_file() else None,
        )
        model._try(folder)
        return model

    def _try(self, folder: Path) -> None:
        """See that the network fits the film vectors, before compiled code takes its states on trust."""
        nothing = np.empty(0, np.int64)
        try:
            self.read([History(nothing, nothing.astype(np.float32), nothing, 0)])
        except Exception as error:  # the runtime's errors have no common type but this
            raise UserError(f"{folder / NETWORK}: does not fit the film vectors: {error}") from None

    def __len__(self) -> int:
        """Size of the vocabulary."""
        return len(self.films)

    @property
    def dim(self) -> int:
        """Size of a film's vector."""
        return int(self.films.codes.shape[1])

    @property
    def width(self) -> int:
        """Size of what the network gives: the state, and where it predicts stars a second state and a level."""
        return self.dim if self.usual_stars is None else 2 * self.dim + 1

    def read(self, histories: Sequence[History]) -> Floats:
        """What the network gives for each history: (cases, width)."""
        known = [history if self.usual_stars is not None else history.in_favour for history in histories]
        if len(known) == 1:
            found: Floats = self.network.run(None, self._alone(known[0]))[0]
            return shaped(found, 1, self.width)
        read = np.empty((len(known), self.width), np.float32)
        for rows, given in self._batches(known):
            read[rows] = self.network.run(None, given)[0]
        return read

    def scores(self, read: Floats) -> Floats:
        """Every film's score as the next one of each history: (cases, width) -> (cases, items)."""
        return self.films.scores(np.ascontiguousarray(read[:, : self.dim]))

    def scores_of(self, read: Floats, items: Items) -> Floats:
        """One history's scores of some films: (width,), (n,) -> (n,)."""
        return self.films.scores_of(read[: self.dim], items)

    def stars(self, read: Floats, items: Items) -> Floats:
        """The stars that one viewer will give some films: (width,), (n,) -> (n,)."""
        if self.usual_stars is None:
            raise TypeError("this network is told of no stars, and predicts none")
        found = products_of(self.films.codes, self.films.steps, self.usual_stars, read[self.dim : -1], items)
        found += read[-1]
        return found.clip(LOWEST, HIGHEST, out=found)

    def contributions(self, history: History, items: Items) -> Floats | None:
        """How much each of the latest films in favour adds to the scores of `items`: (items, latest in favour).

        To first order, as the exported gradient says; None where the model gives no reasons.
        """
        if self.explain is None:
            return None
        read = history.in_favour.latest(self.max_history).items
        given = self._films(read) | {"items": self.films.vectors(items)}
        found = shaped(self.explain.run(None, given)[0], len(items), given["present"].shape[1])
        return found if len(read) else found[:, :0]

    def likeness(self, item: int) -> Floats | None:
        """Every film's likeness to one of them: (items,), at most 1."""
        return self.films.cosines(item)

    def _alone(self, history: History) -> dict[str, Any]:
        """What the network takes of one history, which is most of what is asked when serving."""
        latest = history.latest(self.max_history)
        given = self._films(latest.items)
        if self.usual_stars is not None and not len(latest):
            nothing = np.zeros((1, 1), np.float32)
            given |= {"stars": nothing, "usual": nothing, "ages": nothing.astype(np.int64)}
        elif self.usual_stars is not None:
            usual = self.usual_stars[latest.items]
            given |= {"stars": latest.stars[None], "usual": usual[None], "ages": latest.ages[None]}
        return given

    def _films(self, items: Items) -> dict[str, Any]:
        """FILM_INPUTS of one history's films; of none, a place of padding."""
        if not len(items):
            return {"films": np.zeros((1, 1, self.dim), np.float32), "present": np.zeros((1, 1), bool)}
        return {"films": self.films.vectors(items)[None], "present": self._all_present[:, : len(items)]}

    @cached_property
    def _all_present(self) -> NDArray[np.bool_]:
        """(1, max_history) true, of which each history takes what it needs."""
        return np.ones((1, self.max_history), bool)

    def _batches(self, histories: Sequence[History]) -> Iterator[tuple[Items, dict[str, Any]]]:
        """Histories of like length side by side, padded on the left: their places, and what the network takes."""
        latest = [history.latest(self.max_history) for history in histories]
        lengths = np.array([len(history) for history in latest])
        order = np.argsort(lengths, kind="stable")
        while len(order):
            # An empty history is one place of padding; the longest of the batch comes last.
            most = np.maximum(lengths[order], 1) * np.arange(1, len(order) + 1)
            rows = order[: max(1, int(np.searchsorted(most, TOKENS_AT_ONCE, side="right")))]
            order = order[len(rows) :]
            yield rows, self._side_by_side([latest[row] for row in rows], lengths[rows])

    def _side_by_side(self, histories: Sequence[History], lengths: Items) -> dict[str, Any]:
        """What the network takes of a batch."""
        time = max(1, int(lengths.max()))
        present = np.arange(time) >= time - lengths[:, None]  # (batch, time)
        items = np.concatenate([history.items for history in histories])
        films = np.zeros((*present.shape, self.dim), np.float32)
        films[present] = self.films.vectors(items)
        given = {"films": films, "present": present}
        if self.usual_stars is not None:
            given |= {
                name: np.zeros(present.shape, kind)
                for name, kind in zip(RATING_INPUTS, (np.float32, np.float32, np.int64), strict=True)
            }
            given["stars"][present] = np.concatenate([history.stars for history in histories])
            given["usual"][present] = self.usual_stars[items]
            # A mask before the oldest film is as old as that.
            for row, history in zip(given["ages"], histories, strict=True):
                row[:] = history.ages[0] if len(history) else 0
                row[time - len(history) :] = history.ages
        return given


def shaped(found: Floats, rows: int, columns: int) -> Floats:
    """What a network gave, if it is a table of this size: compiled code checks no index.

    Raises
    ------
    ValueError
    """
    if found.shape != (rows, columns) or found.dtype != np.float32:
        raise ValueError(f"its network gives {found.dtype} {found.shape}, expected float32 {(rows, columns)}")
    return found
