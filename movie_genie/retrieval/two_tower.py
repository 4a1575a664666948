"""The two-tower model: one tower turns a history into a vector, the other a film; their product is the score.

The user tower reads no user id, only the history, so that a newcomer with three ratings is served like anyone
else. It keeps running means of the film vectors, each forgetting at its own rate (a fixed linear recurrence, as
in Martin & Cundy 2018), and mixes them in a small MLP. The item tower reads content beside the id, so that a
film nobody has rated yet has a place too.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from movie_genie.config import TwoTowerConfig
from movie_genie.training.losses import sampled_softmax_loss
from movie_genie.training.model import SequenceModel


class ItemTower(nn.Module):
    """Film features -> film vectors."""

    text: Tensor
    genres: Tensor
    decade: Tensor
    known: Tensor

    def __init__(
        self, text: Tensor, genres: Tensor, decade: Tensor, known: Tensor, config: TwoTowerConfig
    ) -> None:
        super().__init__()
        items, dim = len(text), config.embedding_dim
        self.register_buffer("text", text, persistent=False)  # (items, 384)
        self.register_buffer("genres", genres, persistent=False)  # (items, genres)
        self.register_buffer("decade", decade, persistent=False)  # (items,)
        self.register_buffer(
            "known", known, persistent=False
        )  # (items, 1): 1 where training data holds the film
        self.id = nn.Embedding(items, dim)
        self.from_text = nn.Linear(text.shape[1], dim)
        self.from_genres = nn.Linear(genres.shape[1], dim, bias=False)
        self.from_decade = nn.Embedding(int(decade.max()) + 1, dim)
        self.item_dropout = config.item_dropout
        nn.init.normal_(self.id.weight, std=dim**-0.5)
        nn.init.normal_(self.from_decade.weight, std=0.1)

    def forward(self) -> Tensor:
        """Vectors of all films: (items, dim)."""
        content = self.from_text(self.text) + self.from_genres(self.genres) + self.from_decade(self.decade)
        keep = self.known
        if self.training:  # some films are shown by content alone (Volkovs et al. 2017, DropoutNet)
            keep = keep * (torch.rand_like(keep) >= self.item_dropout)
        return content + keep * self.id.weight


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
    """Both towers and a bias a film."""

    def __init__(self, items: ItemTower, config: TwoTowerConfig) -> None:
        super().__init__()
        self.item_tower = items
        self.user_tower = UserTower(config)
        self.bias = nn.Parameter(torch.zeros(len(items.text)))

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
        return self.users(vectors, batch)[:, -1] @ vectors.T + self.bias

    @torch.no_grad()
    def export(self) -> dict[str, Tensor]:
        """What inference needs: the film vectors, made once and for all, and the user tower."""
        self.eval()
        return {
            "item_vectors": self.item_tower(),
            "bias": self.bias,
            **{f"user_tower.{name}": tensor for name, tensor in self.user_tower.named_parameters()},
        }
