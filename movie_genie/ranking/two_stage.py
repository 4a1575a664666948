"""Both stages together: the two-tower retrieves candidates, BERT4Rec orders them."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from movie_genie.compiled import ITEMS, MATRIX, NUMBER, VECTOR, WHOLE, Floats, Items, compiled
from movie_genie.errors import UserError
from movie_genie.ranking.inference import Bert4Rec
from movie_genie.retrieval.inference import Reading, TwoTower


class Parts(NamedTuple):
    """One history's candidates, and what each stage says of them."""

    candidates: Items
    """(candidates,) item_idx, in no order that says anything."""
    retrieval: Floats
    """(candidates,) two-tower scores, standardised over the candidates."""
    ranking: Floats
    """(candidates,) BERT4Rec scores."""
    reading: Reading
    """The history, as the two-tower read it."""

    def fused(self, weight: float) -> Floats:
        """Final scores: what BERT4Rec says, plus `weight` times what retrieval says."""
        scores: Floats = self.ranking + np.float32(weight) * self.retrieval
        return scores


class Ranking(NamedTuple):
    """Films, best first."""

    items: Items
    scores: Floats
    reading: Reading
    """The history that they are for; see `TwoStage.reasons`."""


@dataclass(frozen=True)
class TwoStage:
    """The system that is evaluated and served."""

    two_tower: TwoTower
    bert4rec: Bert4Rec
    fusion_weight: float
    candidates: int

    @classmethod
    def load(cls, two_tower: Path, bert4rec: Path, fusion_weight: float, candidates: int) -> "TwoStage":
        """Map both models.

        Raises
        ------
        UserError
            When a folder is no such model, or the two were trained on different vocabularies.
        """
        retrieval, ranking = TwoTower.load(two_tower), Bert4Rec.load(bert4rec)
        sizes = len(retrieval.item_vectors), len(ranking.film_vectors)
        if sizes[0] != sizes[1]:
            raise UserError(
                f"{two_tower} knows {sizes[0]} films, {bert4rec} knows {sizes[1]}: train both again"
            )
        return cls(retrieval, ranking, fusion_weight, candidates)

    @property
    def items(self) -> int:
        """Size of the vocabulary."""
        return len(self.two_tower.item_vectors)

    def parts(self, history: Items, exclude: Items | None = None) -> Parts:
        """Retrieve the candidates of a history and score them by both stages.

        `history` and `exclude` hold item_idx; films to exclude take no candidate's place.
        """
        scores, reading = self.two_tower.read(history)
        if exclude is not None:
            scores[exclude] = -np.inf
        candidates = best(scores, self.candidates)
        retrieved = _standardised(scores, candidates)
        return Parts(candidates, retrieved, self.bert4rec.scores(history, candidates), reading)

    def scores(self, history: Items) -> Floats:
        """(time,) item_idx, oldest first -> (items,) final scores, -inf for films that are no candidates.

        The films of the history do not compete for the candidates' places.
        """
        parts = self.parts(history, exclude=history)
        scores = np.full(self.items, -np.inf, np.float32)
        scores[parts.candidates] = parts.fused(self.fusion_weight)
        return scores

    def recommend(self, history: Items, k: int, exclude: Items) -> Ranking:
        """The `k` best films for a history, without those in `exclude`."""
        parts = self.parts(history, exclude)
        places, scores = _leading(parts.fused(self.fusion_weight), k)
        return Ranking(parts.candidates[places], scores, parts.reading)

    def reasons(self, reading: Reading, items: Items, count: int) -> tuple[Items, Floats]:
        """The films of a history that carried each of `items` most: their places in it, and how much they carried.

        A share is of all that speaks for a film in its retrieval score (`TwoTower.carried`), which brought it
        among the candidates and counts most in their order; what speaks against has no share.

        Returns
        -------
        (items, count) int64, (items, count) float32
            The largest share first; fewer than `count` of a shorter history. Of a row the shares' sum is at most 1.
        """
        places, shares = _strongest(self.two_tower.carried(reading, items), min(count, len(reading.recent)))
        places += reading.length - len(reading.recent)
        return places, shares


def best(scores: Floats, count: int) -> Items:
    """Places of the `count` largest finite scores, in ascending order; among equals the first."""
    bar = np.float32(-np.inf)
    if 0 < count < len(scores):
        ordered = scores.copy()
        ordered.partition(-count)
        bar = ordered[-count]
    return _from_bar(scores, bar, count)


@compiled(VECTOR, NUMBER, WHOLE)
def _from_bar(scores: Floats, bar: np.float32, count: int) -> Items:
    """`best`, with the `count`-th largest score for a bar; of what is just at it, the first."""
    room = min(count, len(scores))
    places = np.empty(room, np.int64)
    for score in scores:
        room -= score > bar
    found = 0
    for place in range(len(scores)):
        score = scores[place]
        if score < bar or score == -np.inf:
            continue
        if score == bar:
            if room == 0:
                continue
            room -= 1
        places[found] = place
        found += 1
    return places[:found]


@compiled(VECTOR, ITEMS)
def _standardised(scores: Floats, items: Items) -> Floats:
    """The scores of `items`, with mean 0 and deviation 1; just 0 where all are the same."""
    values = np.empty(len(items), np.float32)
    mean, variance = np.float32(0), np.float32(0)
    for number in range(len(items)):
        values[number] = scores[items[number]]
        mean += values[number]
    mean /= np.float32(max(len(items), 1))
    for number in range(len(items)):
        values[number] -= mean
        variance += values[number] * values[number]
    deviation = np.sqrt(variance / np.float32(max(len(items), 1)))
    if deviation > 0:
        for number in range(len(items)):
            values[number] /= deviation
    return values


@compiled(VECTOR, WHOLE)
def _leading(values: Floats, count: int) -> tuple[Items, Floats]:
    """The `count` largest values' places and the values, largest first; of equals the first comes first."""
    count = min(count, len(values))
    places, largest = np.empty(count, np.int64), np.empty(count, np.float32)
    found = 0
    for number in range(len(values)):
        value = values[number]
        if found == count:
            if count == 0 or value <= largest[count - 1]:
                continue
            place = count - 1
        else:
            place = found
            found += 1
        while place > 0 and largest[place - 1] < value:
            largest[place], places[place] = largest[place - 1], places[place - 1]
            place -= 1
        largest[place], places[place] = value, number
    return places, largest


@compiled(MATRIX, WHOLE)
def _strongest(carried: Floats, count: int) -> tuple[Items, Floats]:
    """Each row's `count` largest parts of what is positive in it: their places and shares."""
    rows = len(carried)
    places, shares = np.empty((rows, count), np.int64), np.empty((rows, count), np.float32)
    for row in range(rows):
        positive = np.maximum(carried[row], np.float32(0))
        places[row], largest = _leading(positive, count)
        shares[row] = largest / max(positive.sum(), np.float32(1e-9))
    return places, shares
