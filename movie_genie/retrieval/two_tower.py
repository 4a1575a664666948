"""The two-tower: one tower turns a history into a vector, the other a film; their product is the score.

The user tower reads no user id, only the history, so that a newcomer with three ratings is served like anyone
else. It keeps running means of the film vectors, each forgetting at its own rate (a fixed linear recurrence, as
in Martin & Cundy 2018), and mixes them in a small MLP. The item tower reads content beside the id, so that a
film nobody has rated yet has a place too.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from movie_genie.config import TwoTowerConfig
from movie_genie.training.batches import Batch
from movie_genie.training.item_tower import Features, ItemTower
from movie_genie.training.losses import Loss
from movie_genie.training.model import ExplainedModel


class UserTower(nn.Module):
    """Histories of film vectors -> a user vector after each film."""

    decays: Tensor
    left: Tensor

    def __init__(self, config: TwoTowerConfig) -> None:
        super().__init__()
        dim, means = config.embedding_dim, len(config.decays)
        self.register_buffer("decays", torch.tensor(config.decays))
        # What is left of a film of each age, the newest last: (means, max_history + 1). The export needs a table that
        # is never read whole.
        ages = torch.arange(config.max_history, -1, -1)
        self.register_buffer("left", self.decays[:, None] ** ages, persistent=False)
        self.norm = nn.LayerNorm(means * dim)
        self.hidden = nn.Linear(means * dim, config.hidden_dim)
        self.out = nn.Linear(config.hidden_dim, dim)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, means: Tensor) -> Tensor:
        """(..., means, dim) running means -> (..., dim) user vectors."""
        h = self.norm(means.flatten(-2))  # (..., means * dim)
        return self.out(self.dropout(F.gelu(self.hidden(self.dropout(h)))))

    def shares(self, present: Tensor) -> Tensor:
        """What each running mean holds of each film, at every place; zero where nothing came yet.

        (batch, time) bool -> (batch, time, means, time), each row's sum 1.
        """
        place = torch.arange(present.shape[1], device=present.device)
        age = (place[:, None] - place)[:, None]  # (time, 1, time)
        left = torch.where(age >= 0, self.decays[:, None] ** age.clamp(min=0), 0.0)
        return shares_of(left * present[:, None, None])

    def newest_shares(self, present: Tensor) -> Tensor:
        """`shares` at the newest place: (batch, time) bool -> (batch, means, time)."""
        return shares_of(self.left[:, -present.shape[1] :] * present[:, None])


def shares_of(left: Tensor) -> Tensor:
    """What is left of each film as a share of all that is: (..., time) -> (..., time)."""
    return left / left.sum(-1, keepdim=True).clamp(min=1e-9)


class TwoTower(ExplainedModel):
    """Both towers, and a bias a film."""

    def __init__(self, features: Features, config: TwoTowerConfig) -> None:
        super().__init__()
        self.item_tower = ItemTower(features, config.embedding_dim, config.item_dropout)
        self.user_tower = UserTower(config)
        self.bias = nn.Parameter(torch.zeros(len(features.text)))

    def loss(self, batch: Batch, loss: Loss) -> Tensor:
        """Mean loss of each next film; the first is predicted from nothing."""
        vectors = self.item_tower()  # (items, dim)
        films, present, asked = self.before(vectors, batch)
        shares = self.user_tower.shares(present)  # (batch, time, means, time)
        # All means of a history in one product: one for each place would copy its films for each of them.
        means = (shares.flatten(1, 2) @ films).view(*shares.shape[:3], -1)  # (batch, time, means, dim)
        users = self.user_tower(means)  # (batch, time, dim)
        return loss(users[asked], vectors, self.bias, batch.items[asked])

    def query(self, films: Tensor, present: Tensor) -> Tensor:
        """See SequenceModel."""
        return self.user_tower(self.user_tower.newest_shares(present) @ films)

    def contributions(self, films: Tensor, present: Tensor, items: Tensor) -> Tensor:
        """See ExplainedModel.

        The score's gradient by a film's part in the running means, times that part (gradient × input, Shrikumar et al.
        2016, arXiv:1605.01713). As the means are normalised, the parts of one score sum to about 0: what one film
        gains, the others have lost.
        """
        shares = self.user_tower.newest_shares(present)  # (1, means, time)
        means = (shares @ films).expand(items.shape[0], -1, -1).detach().requires_grad_()
        with torch.enable_grad():
            (slope,) = torch.autograd.grad(self.user_tower(means), means, items)  # (n, means, dim)
        return ((slope @ films[0].T) * shares).sum(1)
