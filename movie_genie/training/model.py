"""What a model offers, to be trained and exported here."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from movie_genie.training.batches import Batch
from movie_genie.training.item_tower import ItemTower
from movie_genie.training.losses import Loss


class SequenceModel(nn.Module, ABC):
    """A network of what follows a history: its state, times each film's vector, is that film's score."""

    reads_ratings: ClassVar[bool] = False
    """Whether the network is told how films were rated, and when. If not, it is asked with liked films only."""

    item_tower: ItemTower
    bias: nn.Parameter

    query: Callable[..., Tensor]
    """What serving runs: the state after each history, (batch, dim), from what `given` names.

    It is exported, so shapes may only be asked by `.shape`.
    """

    @abstractmethod
    def loss(self, batch: Batch, loss: Loss) -> Tensor:
        """Mean loss of a batch of sequences."""

    def given(self, vectors: Tensor, batch: Batch) -> dict[str, Tensor]:
        """What the network reads of a batch.

        `films` (batch, time, dim) are the films' vectors, zero where padded; `present` (batch, time) says which places
        hold a film.
        """
        present = batch.items < len(vectors)
        films = F.embedding(batch.items.clamp(max=len(vectors) - 1), vectors) * present[..., None]
        return {"films": films, "present": present}

    def before(self, vectors: Tensor, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """What is known before each place, where every place's film is predicted from those before it.

        -> (batch, time, dim) film vectors and (batch, time) bool one place later; (batch, time) bool: which places ask.
        """
        films, asked = SequenceModel.given(self, vectors, batch).values()
        return F.pad(films, (0, 0, 1, 0))[:, :-1], F.pad(asked, (1, 0))[:, :-1], asked

    def scores(self, batch: Batch) -> Tensor:
        """(batch, items) scores of the film after the last."""
        vectors = self.item_tower()
        state = self.query(**self.given(vectors, batch))[:, : vectors.shape[1]]
        scores: Tensor = state @ vectors.T + self.bias
        return scores


class ExplainedModel(SequenceModel):
    """A sequence model that says how much each film of a history adds to a score."""

    @abstractmethod
    def contributions(self, films: Tensor, present: Tensor, items: Tensor) -> Tensor:
        """One history's contributions to some films' scores.

        (1, time, dim) film vectors, (1, time) bool, (n, dim) vectors of the films asked about -> (n, time).
        Exported too: see `query`.
        """


class RatingModel(SequenceModel):
    """A sequence model that reads ratings and their times, and predicts the stars of the next.

    Its `query` gives (batch, 2 dim + 1): the state; a second one, whose product with a film's vector is how many stars
    more than usual the film will get from this viewer; and what the viewer gives any film beyond the usual.
    """

    reads_ratings = True

    usual_stars: Tensor
    """(items,) what each film gets from a viewer who rates like all others."""

    def given(self, vectors: Tensor, batch: Batch) -> dict[str, Tensor]:
        """What the network reads of a batch, each (batch, time) beside what SequenceModel says.

        `stars` as the viewer gave them, `usual` ones for the same films, `ages` in seconds before the question.
        """
        usual = self.usual_stars[batch.items.clamp(max=len(vectors) - 1)]
        return {
            **super().given(vectors, batch),
            "stars": batch.stars,
            "usual": usual,
            "ages": batch.ages,
        }
