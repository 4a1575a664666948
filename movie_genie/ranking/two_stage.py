"""Both stages together: the two-tower retrieves candidates, BERT4Rec orders them."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from movie_genie.errors import UserError
from movie_genie.ranking.inference import Bert4Rec
from movie_genie.retrieval.inference import Floats, Items, Reading, TwoTower


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
        reading = self.two_tower.read(history)
        scores = self.two_tower.scores_of(reading)
        if exclude is not None:
            scores[exclude] = -np.inf
        candidates = best(scores, self.candidates)
        retrieved, ranked = scores[candidates], self.bert4rec.scores(history, candidates)
        if len(candidates):
            retrieved -= retrieved.sum() / np.float32(len(retrieved))
            spread = np.sqrt(retrieved @ retrieved / np.float32(len(retrieved)))
            retrieved /= spread if spread > 0 else np.float32(1)
        return Parts(candidates, retrieved, ranked, reading)

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
        scores = parts.fused(self.fusion_weight)
        order = np.argsort(-scores, kind="stable")[:k]
        return Ranking(parts.candidates[order], scores[order], parts.reading)

    def reasons(self, reading: Reading, items: Items) -> Floats:
        """How much each film of the history carried each of `items`: shares, of which a row's sum is at most 1.

        They are shares of what speaks for a film in its retrieval score (`TwoTower.carried`), which brought it
        among the candidates and counts most in their order; what speaks against has no share.

        Returns
        -------
        (items, recent) float32
            Of the latest films of the history, as many as the user tower reads.
        """
        shares = self.two_tower.carried(reading, items)
        np.maximum(shares, 0, out=shares)
        shares /= np.maximum(shares.sum(1, keepdims=True), np.float32(1e-9))
        return shares


def best(scores: Floats, count: int) -> Items:
    """Places of the `count` largest finite scores, in ascending order; among equals the first."""
    if count >= len(scores):
        return np.flatnonzero(scores > -np.inf)
    bar = np.partition(scores, -count)[-count]
    places = np.flatnonzero(scores >= bar if bar > -np.inf else scores > bar)
    if len(places) > count:  # several at the bar
        places = np.sort(places[np.argsort(-scores[places], kind="stable")[:count]])
    return places
