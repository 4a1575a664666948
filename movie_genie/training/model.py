"""What a model offers, to be trained here."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from torch import Tensor, nn


class SequenceModel(nn.Module, ABC):
    """A model of what follows a history. Batches are (batch, time) int, left-padded with the number of items."""

    @abstractmethod
    def loss(self, batch: Tensor, sampling: Tensor) -> Tensor:
        """Mean loss of a batch of sequences; `sampling` as `sampled_softmax_loss` takes it."""

    @abstractmethod
    def scores(self, batch: Tensor) -> Tensor:
        """Scores of the film that follows each history: (batch, items)."""

    def settle(self, validate: Callable[[], dict[str, float]]) -> dict[str, float]:
        """Choose on validation what the gradient does not teach, once the weights are learnt.

        `validate` measures the model as it is; returns the metrics of what was chosen.
        """
        return validate()

    @abstractmethod
    def export(self) -> dict[str, Tensor]:
        """The tensors that inference needs."""
