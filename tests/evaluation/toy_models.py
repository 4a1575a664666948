"""Two stages whose answers can be worked out by hand."""

import numpy as np

from movie_genie.ranking.two_stage import Parts, Ranking
from movie_genie.retrieval.inference import Reading

NOTHING = np.zeros((1, 1), np.float32)
NOT_READ = Reading(1, np.zeros(1, np.int64), NOTHING, NOTHING[0], NOTHING[0, 0], NOTHING[0])


class ToyTwoStage:
    """Retrieval likes low numbers, ranking high ones; as many candidates as asked for."""

    def __init__(self, items: int, candidates: int, fusion_weight: float = 0.0) -> None:
        self.items, self.candidates, self.fusion_weight = items, candidates, fusion_weight

    def parts(self, history: np.ndarray, exclude: np.ndarray) -> Parts:
        chosen = np.setdiff1d(np.arange(self.items), exclude)[: self.candidates]
        return Parts(chosen, -chosen.astype(np.float32), chosen.astype(np.float32), NOT_READ)

    def recommend(self, history: np.ndarray, k: int, exclude: np.ndarray) -> Ranking:
        parts = self.parts(history, exclude)
        scores = parts.fused(self.fusion_weight)
        order = np.argsort(-scores, kind="stable")[:k]
        return Ranking(parts.candidates[order], scores[order], NOT_READ)
