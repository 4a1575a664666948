"""What a model offers, to be trained and exported here."""

from abc import ABC, abstractmethod

import torch.nn.functional as F
from torch import Tensor, nn

from movie_genie.training.item_tower import ItemTower
from movie_genie.training.losses import Loss


class SequenceModel(nn.Module, ABC):
    """A network of what follows a history: its state, times each film's vector, is that film's score.

    Batches are (batch, time) int, left-padded with the number of items.
    """

    item_tower: ItemTower
    bias: nn.Parameter

    @abstractmethod
    def loss(self, batch: Tensor, loss: Loss) -> Tensor:
        """Mean loss of a batch of sequences."""

    @abstractmethod
    def query(self, films: Tensor, present: Tensor) -> Tensor:
        """The state after each history: (batch, time, dim) film vectors, (batch, time) bool -> (batch, dim).

        What serving runs is exported from this method, so shapes may only be asked by `.shape`.
        """

    def lookup(self, vectors: Tensor, batch: Tensor) -> tuple[Tensor, Tensor]:
        """A batch's film vectors and which places hold a film: (batch, time, dim), zero elsewhere; (batch, time)."""
        present = batch < len(vectors)
        return F.embedding(batch.clamp(max=len(vectors) - 1), vectors) * present[..., None], present

    def scores(self, batch: Tensor) -> Tensor:
        """(batch, time) int, left-padded -> (batch, items) scores of the film after the last."""
        vectors = self.item_tower()
        scores: Tensor = self.query(*self.lookup(vectors, batch)) @ vectors.T + self.bias
        return scores


class ExplainedModel(SequenceModel):
    """A sequence model that says how much each film of a history adds to a score."""

    @abstractmethod
    def contributions(self, films: Tensor, present: Tensor, items: Tensor) -> Tensor:
        """One history's contributions to some films' scores.

        (1, time, dim) film vectors, (1, time) bool, (n, dim) vectors of the films asked about -> (n, time).
        Exported too: see `query`.
        """
