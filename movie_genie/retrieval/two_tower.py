"""The two-tower model: one tower turns a history into a vector, the other a film; their product is the score.

The user tower reads no user id, only the history, so that a newcomer with three ratings is served like anyone
else. It keeps running means of the film vectors, each forgetting at its own rate (a fixed linear recurrence, as
in Martin & Cundy 2018), and mixes them in a small MLP. The item tower reads content beside the id, so that a
film nobody has rated yet has a place too. What films follow each film is remembered beside the towers
(`neighbours.py`) and added to their score.
"""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from movie_genie.config import TwoTowerConfig
from movie_genie.retrieval.neighbours import Neighbours, fading, neighbour_scores
from movie_genie.training.item_tower import Features, ItemTower
from movie_genie.training.losses import sampled_softmax_loss
from movie_genie.training.model import SequenceModel


class UserTower(nn.Module):
    """Histories of film vectors -> a user vector after each film."""

    decays: Tensor

    def __init__(self, config: TwoTowerConfig) -> None:
        super().__init__()
        dim, means = config.embedding_dim, len(config.decays)
        self.register_buffer("decays", torch.tensor(config.decays))
        self.norm = nn.LayerNorm(means * dim)
        self.hidden = nn.Linear(means * dim, config.hidden_dim)
        self.out = nn.Linear(config.hidden_dim, dim)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, films: Tensor, present: Tensor) -> Tensor:
        """(batch, time, dim) film vectors, (batch, time) bool -> (batch, time, dim) user vectors."""
        h = self.norm(running_means(films, present, self.decays))  # (batch, time, means * dim)
        return self.out(self.dropout(F.gelu(self.hidden(self.dropout(h)), approximate="tanh")))


def running_means(films: Tensor, present: Tensor, decays: Tensor) -> Tensor:
    """Exponentially weighted mean of the films up to each place, one for each decay.

    (batch, time, dim), (batch, time) bool, (means,) -> (batch, time, means * dim); zero where nothing came yet.
    """
    batch, time, dim = films.shape
    age = torch.arange(time)[:, None] - torch.arange(time)[None, :]  # (time, time)
    weight = torch.where(age >= 0, decays[:, None, None] ** age.clamp(min=0), 0.0)  # (means, time, time)
    weight = weight[None] * present[:, None, None, :]  # (batch, means, time, time)
    total = weight.sum(-1, keepdim=True).clamp(min=1e-9)
    means = (weight / total) @ films[:, None]  # (batch, means, time, dim)
    return means.transpose(1, 2).reshape(batch, time, len(decays) * dim)


class TwoTower(SequenceModel):
    """Both towers, a bias a film, and the memory of what films follow each film."""

    def __init__(self, features: Features, neighbours: Neighbours, config: TwoTowerConfig) -> None:
        super().__init__()
        self.neighbours, self.memory_weight, self.config = neighbours, 0.0, config
        self.item_tower = ItemTower(features, config.embedding_dim, config.item_dropout)
        self.user_tower = UserTower(config)
        self.bias = nn.Parameter(torch.zeros(len(features.text)))

    def loss(self, batch: Tensor, sampling: Tensor) -> Tensor:
        """Cross-entropy of each next film, estimated on a sample of the other films; mean over the batch.

        (batch, time) int, left-padded with the number of films; `sampling` as `sampled_softmax_loss` takes it.
        """
        vectors = self.item_tower()  # (items, dim)
        asked = batch < len(vectors)
        before = F.pad(batch, (1, 0), value=len(vectors))[:, :-1]  # the first film is predicted from nothing
        users = self.users(vectors, before)[asked]  # (events, dim)
        return sampled_softmax_loss(users, vectors, self.bias, batch[asked], sampling)

    def users(self, vectors: Tensor, batch: Tensor) -> Tensor:
        """User vectors after each place: (items, dim), (batch, time) int, left-padded -> (batch, time, dim)."""
        present = batch < len(vectors)
        films = F.embedding(batch.clamp(max=len(vectors) - 1), vectors) * present[..., None]
        return self.user_tower(films, present)

    @torch.no_grad()
    def scores(self, batch: Tensor) -> Tensor:
        """(batch, time) int, left-padded -> (batch, items) scores of the film after the last."""
        vectors = self.item_tower()
        scores = self.users(vectors, batch)[:, -1] @ vectors.T + self.bias
        return scores + self.memory_weight * self.memory(batch) if self.memory_weight else scores

    def memory(self, batch: Tensor) -> Tensor:
        """What the neighbours of each history say: (batch, time) -> (batch, items)."""
        kept = fading(self.config.neighbour_decay, self.config.neighbour_window)
        rows = [row[row < len(self.bias)].numpy() for row in batch]
        said = [neighbour_scores(row, self.neighbours, kept) for row in rows]
        return torch.from_numpy(np.stack(said))

    def settle(self, validate: Callable[[], dict[str, float]]) -> dict[str, float]:
        """Choose how much the memory counts beside the towers; the first of equals."""
        tried = []
        for weight in self.config.neighbour_weights:
            self.memory_weight = weight
            tried.append((validate(), weight))
        metrics, self.memory_weight = max(tried, key=lambda one: one[0]["ndcg_at_10"])
        return metrics | {"memory_weight": self.memory_weight}

    @torch.no_grad()
    def export(self) -> dict[str, Tensor]:
        """What inference needs: the film vectors, made once and for all, the user tower and the memory."""
        self.eval()
        return {
            "item_vectors": self.item_tower(),
            "bias": self.bias,
            **{f"user_tower.{name}": tensor for name, tensor in self.user_tower.named_parameters()},
            "neighbours.films": torch.from_numpy(self.neighbours.films),
            "neighbours.strength": torch.from_numpy(
                self.neighbours.strength * np.float32(self.memory_weight)
            ),
        }
