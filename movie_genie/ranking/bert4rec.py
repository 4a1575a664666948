"""BERT4Rec (Sun et al. 2019): a transformer that fills in the masked films of a history.

Trained on the cloze task: some films of a sequence are hidden, and the model names them from both sides. To
recommend, a mask is put behind the newest film and the model is asked what it hides. With `objective: causal`
the same blocks look back only and every place predicts the next film (Kang & McAuley 2018, SASRec).

Blocks are pre-norm (Xiong et al. 2020). Positions count back from the newest film, so that the places closest to
the prediction mean the same in a history of any length. Output and input share the item tower's film vectors.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from movie_genie.config import Bert4RecConfig
from movie_genie.training.item_tower import Features, ItemTower
from movie_genie.training.losses import Loss
from movie_genie.training.model import SequenceModel


class Block(nn.Module):
    """One transformer block: self-attention, then a feed-forward of four times the width."""

    def __init__(self, config: Bert4RecConfig) -> None:
        super().__init__()
        dim = config.hidden_dim
        self.heads, self.rate = config.heads, config.dropout
        self.attention_norm, self.feed_forward_norm = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.query, self.key_value, self.mix = (
            nn.Linear(dim, dim),
            nn.Linear(dim, 2 * dim),
            nn.Linear(dim, dim),
        )
        self.up, self.down = nn.Linear(dim, 4 * dim), nn.Linear(4 * dim, dim)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, h: Tensor, visible: Tensor, newest: bool = False) -> Tensor:
        """(batch, time, dim), (batch, 1, asked, time) bool -> (batch, asked, dim): every place, or just the newest."""
        batch, time, dim = h.shape
        normed = self.attention_norm(h)
        asked = normed[:, -1:] if newest else normed
        h = h[:, -1:] if newest else h
        key, value = (
            self.key_value(normed).view(batch, time, 2, self.heads, -1).permute(2, 0, 3, 1, 4).unbind()
        )
        query = self.query(asked).view(batch, -1, self.heads, dim // self.heads).transpose(1, 2)
        mixed = F.scaled_dot_product_attention(
            query, key, value, attn_mask=visible, dropout_p=self.rate if self.training else 0.0
        )  # (batch, heads, asked, dim / heads)
        h = h + self.dropout(self.mix(mixed.transpose(1, 2).reshape(batch, -1, dim)))
        return h + self.dropout(self.down(F.relu(self.up(self.feed_forward_norm(h)))))


class Bert4Rec(SequenceModel):
    """Histories -> the state whose products with the film vectors are the next film's scores."""

    def __init__(self, features: Features, config: Bert4RecConfig) -> None:
        super().__init__()
        dim = config.hidden_dim
        self.causal, self.mask_share = config.objective == "causal", config.mask_share
        self.last_item_share = config.last_item_share
        self.item_tower = ItemTower(features, dim, config.item_dropout)
        self.mask = nn.Parameter(torch.empty(dim))
        # The last is the newest place. With the mask max_history + 1 are read; the export needs a table that is never
        # read whole.
        self.place = nn.Parameter(torch.empty(config.max_history + 2, dim))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.blocks))
        self.norm = nn.LayerNorm(dim)
        self.bias = nn.Parameter(torch.zeros(len(features.text)))
        self.dropout = nn.Dropout(config.dropout)
        nn.init.normal_(self.place, std=0.02)
        nn.init.normal_(self.mask, std=0.02)

    def encode(self, films: Tensor, present: Tensor, hidden: Tensor, newest: bool = False) -> Tensor:
        """Hidden states of a batch, of every place or just the newest.

        (batch, time, dim) film vectors, (batch, time) bool: which places hold a film, and which show the mask
        -> (batch, time or 1, dim).
        """
        time = films.shape[1]
        h = torch.where(hidden[..., None], self.mask, films)
        h = self.dropout(h + self.place[-time:])  # (batch, time, dim)
        shown = (present | hidden)[:, None, None, :]  # (batch, 1, 1, time)
        *inner, last = self.blocks
        if inner or not newest:
            place = torch.arange(time, device=films.device)
            # A padded place sees itself: no empty softmax.
            visible = shown | (place[:, None] == place)  # (batch, 1, time, time)
            if self.causal:
                visible = visible & (place[:, None] >= place)
            for block in inner:
                h = block(h, visible)
        # Nothing is later than the newest place, so causal or not it sees all that is shown.
        return self.norm(last(h, shown, newest) if newest else last(h, visible))

    def loss(self, batch: Tensor, loss: Loss) -> Tensor:
        """Mean loss of the hidden films (cloze) or of every next film (causal)."""
        vectors = self.item_tower()
        films, present = self.lookup(vectors, batch)
        if self.causal:
            asked = present
            h = self.encode(*self.behind_mask(films, present))[:, :-1]
        else:
            asked = self.choose_hidden(present)
            h = self.encode(films, present, asked)
        return loss(h[asked], vectors, self.bias, batch[asked])

    def query(self, films: Tensor, present: Tensor) -> Tensor:
        """See SequenceModel."""
        if self.causal:
            places = self.behind_mask(films, present)
        else:
            # The mask that is asked about stands behind the newest film.
            hidden = F.pad(torch.zeros_like(present), (0, 1), value=True)
            places = F.pad(films, (0, 0, 0, 1)), F.pad(present, (0, 1)), hidden
        return self.encode(*places, newest=True)[:, -1]

    def behind_mask(self, films: Tensor, present: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Put a mask before each row's oldest film, from which that film is predicted in turn.

        What `encode` takes, one place longer.
        """
        films, before = F.pad(films, (0, 0, 1, 0)), F.pad(present, (1, 0))
        return films, before, ~before & F.pad(present, (0, 1), value=True)

    def choose_hidden(self, present: Tensor) -> Tensor:
        """Places of the cloze: a random share of each row, or in some rows only the newest; (batch, time) bool."""
        rows, device = present.shape[0], present.device
        hidden = (torch.rand(present.shape, device=device) < self.mask_share) & present
        only_last = torch.rand(rows, 1, device=device) < self.last_item_share
        hidden = hidden & ~only_last
        # Every row asks for something.
        hidden[:, -1] |= only_last[:, 0] | ~hidden.any(1)
        return hidden
