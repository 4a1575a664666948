"""BERT4Rec (Sun et al. 2019): a transformer that fills in the masked films of a history.

Trained on the cloze task: some films of a sequence are hidden, and the model names them from both sides. To
recommend, a mask is put behind the newest film and the model is asked what it hides. With `objective: causal`
the same blocks look back only and every place predicts the next film (Kang & McAuley 2018, SASRec).

It reads how each film was rated, and when, and predicts the stars of what it is asked about too. Output and input share
the item tower's film vectors.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from movie_genie.config import Bert4RecConfig
from movie_genie.data.star_biases import USER_PRIOR
from movie_genie.history import LIKED
from movie_genie.ranking.attention import Block
from movie_genie.training.batches import Batch
from movie_genie.training.item_tower import Features, ItemTower
from movie_genie.training.losses import Loss
from movie_genie.training.model import RatingModel

LOVED = 4.0
"""Stars from which on a film is not only liked."""


class Places(nn.Module):
    """A film and its rating become what a place holds."""

    def __init__(self, dim: int, rating_input: bool) -> None:
        super().__init__()
        self.mask = nn.Parameter(torch.empty(dim))
        self.kind = nn.Embedding(3, dim) if rating_input else None  # disliked, liked, loved
        self.surprise = nn.Parameter(torch.zeros(dim)) if rating_input else None
        nn.init.normal_(self.mask, std=0.02)
        if self.kind is not None:
            nn.init.normal_(self.kind.weight, std=0.02)

    def forward(self, films: Tensor, stars: Tensor, surprise: Tensor) -> Tensor:
        """(batch, time, dim) film vectors, (batch, time) stars and how many more they are than usual."""
        if self.kind is None or self.surprise is None:
            return films
        kind = (stars >= LIKED).long() + (stars >= LOVED).long()
        return films + self.kind(kind) + surprise[..., None] * self.surprise


class Bert4Rec(RatingModel):
    """Histories -> the state whose products with the film vectors are the next film's scores."""

    def __init__(self, features: Features, usual_stars: Tensor, config: Bert4RecConfig) -> None:
        super().__init__()
        dim = config.hidden_dim
        self.causal, self.mask_share = config.objective == "causal", config.mask_share
        self.last_item_share, self.rating_weight = config.last_item_share, config.rating_weight
        self.item_tower = ItemTower(features, dim, config.item_dropout)
        self.register_buffer("usual_stars", usual_stars)
        self.places = Places(dim, config.rating_input)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.blocks))
        self.norm = nn.LayerNorm(dim)
        self.bias = nn.Parameter(torch.zeros(len(features.text)))
        self.taste, self.level = nn.Linear(dim, dim), nn.Linear(dim, 1)
        self.dropout = nn.Dropout(config.dropout)
        # Before anything is learnt a film gets what it usually gets, and what the viewer gives beyond that.
        for layer in (self.taste, self.level):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def encode(
        self, h: Tensor, told: Tensor, shown: Tensor, ages: Tensor, asked: Tensor, newest: bool = False
    ) -> Tensor:
        """Hidden states of a batch, of every place or just the newest.

        (batch, time, dim) places, (batch, time) bool: which are told of their film, where others show a mask, and which
        are seen at all; (batch, time) int: how long before the end each film was rated, and each place's question
        asked -> (batch, time or 1, dim).
        """
        time = h.shape[1]
        h = self.dropout(torch.where(told[..., None], h, self.places.mask))  # (batch, time, dim)
        shown = shown[:, None, None, :]  # (batch, 1, 1, time)
        *inner, last = self.blocks
        if inner or not newest:
            place = torch.arange(time, device=h.device)
            # A padded place sees itself: no empty softmax.
            visible = shown | (place[:, None] == place)  # (batch, 1, time, time)
            if self.causal:
                visible = visible & (place[:, None] >= place)
            for block in inner:
                h = block(h, visible, ages, asked)
        # Nothing is later than the newest place, so causal or not it sees all that is shown.
        return self.norm(last(h, shown, ages, asked, newest) if newest else last(h, visible, ages, asked))

    def loss(self, batch: Batch, loss: Loss) -> Tensor:
        """Mean loss of the hidden films (cloze) or of every next film (causal), and of their stars."""
        vectors = self.item_tower()
        films, present, stars, usual, ages = self.given(vectors, batch).values()
        surprise = (stars - usual) * present
        if self.causal:
            asked = present
            h = self.encode(*self.behind_mask(films, present, stars, surprise, ages))[:, :-1]
            # What a viewer gave beyond the usual before each place.
            known = F.pad(surprise, (1, 0)).cumsum(1)[:, :-1], F.pad(present, (1, 0)).cumsum(1)[:, :-1]
        else:
            asked = self.choose_hidden(present)
            left = present & ~asked
            h = self.encode(self.places(films, stars, surprise), left, present, ages, ages)
            known = (surprise * left).sum(1, keepdim=True), left.sum(1, keepdim=True)
        offset = (known[0] / (known[1] + USER_PRIOR)).expand_as(stars)[asked]
        state, target = h[asked], batch.items[asked]  # (events, dim), (events,)
        stars_of_target = usual[asked] + offset + self.level(state)[:, 0]
        stars_of_target = stars_of_target + (self.taste(state) * vectors[target]).sum(-1)
        of_ratings = F.smooth_l1_loss(stars_of_target, stars[asked], beta=0.5)
        return loss(state, vectors, self.bias, target) + self.rating_weight * of_ratings

    def query(self, films: Tensor, present: Tensor, stars: Tensor, usual: Tensor, ages: Tensor) -> Tensor:
        """See RatingModel."""
        surprise = (stars - usual) * present
        if self.causal:
            places = self.behind_mask(films, present, stars, surprise, ages)
        else:
            # The mask that is asked about stands behind the newest film.
            h = F.pad(self.places(films, stars, surprise), (0, 0, 0, 1))
            ages = F.pad(ages, (0, 1))
            places = h, F.pad(present, (0, 1)), F.pad(present, (0, 1), value=True), ages, ages
        state = self.encode(*places, newest=True)[:, -1]  # (batch, dim)
        offset = surprise.sum(1, keepdim=True) / (present.sum(1, keepdim=True) + USER_PRIOR)
        return torch.cat([state, self.taste(state), self.level(state) + offset], 1)

    def behind_mask(
        self, films: Tensor, present: Tensor, stars: Tensor, surprise: Tensor, ages: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Put a mask before each row's oldest film, from which that film is predicted in turn.

        What `encode` takes, one place longer.
        """
        h, told = F.pad(self.places(films, stars, surprise), (0, 0, 1, 0)), F.pad(present, (1, 0))
        shown = F.pad(present, (0, 1), value=True)
        # The mask is as old as the film behind it; each place asks about the next film's moment, the last about now.
        return h, told, shown, torch.cat([ages[:, :1], ages], 1), F.pad(ages, (0, 1))

    def choose_hidden(self, present: Tensor) -> Tensor:
        """Places of the cloze: a random share of each row, or in some rows only the newest; (batch, time) bool."""
        rows, device = present.shape[0], present.device
        hidden = (torch.rand(present.shape, device=device) < self.mask_share) & present
        only_last = torch.rand(rows, 1, device=device) < self.last_item_share
        hidden = hidden & ~only_last
        # Every row asks for something.
        hidden[:, -1] |= only_last[:, 0] | ~hidden.any(1)
        return hidden
