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
from movie_genie.training.losses import sampled_softmax_loss
from movie_genie.training.model import SequenceModel


class Block(nn.Module):
    """One transformer block: self-attention, then a feed-forward of four times the width."""

    def __init__(self, config: Bert4RecConfig) -> None:
        super().__init__()
        dim = config.hidden_dim
        self.heads, self.rate, self.causal = config.heads, config.dropout, config.objective == "causal"
        self.attention_norm, self.feed_forward_norm = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.qkv, self.mix = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.up, self.down = nn.Linear(dim, 4 * dim), nn.Linear(4 * dim, dim)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, h: Tensor, visible: Tensor) -> Tensor:
        """(batch, time, dim), (batch, 1, time or 1, time) bool -> (batch, time, dim)."""
        batch, time, dim = h.shape
        qkv = self.qkv(self.attention_norm(h)).view(batch, time, 3, self.heads, dim // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # each (batch, heads, time, dim / heads)
        mixed = F.scaled_dot_product_attention(
            query, key, value, attn_mask=visible, dropout_p=self.rate if self.training else 0.0
        )
        h = h + self.dropout(self.mix(mixed.transpose(1, 2).reshape(batch, time, dim)))
        return h + self.dropout(self.down(F.relu(self.up(self.feed_forward_norm(h)))))


class Bert4Rec(SequenceModel):
    """Histories -> scores of all films."""

    def __init__(self, features: Features, config: Bert4RecConfig) -> None:
        super().__init__()
        dim, self.items = config.hidden_dim, len(features.text)
        self.causal, self.mask_share = config.objective == "causal", config.mask_share
        self.last_item_share = config.last_item_share
        self.item_tower = ItemTower(features, dim, config.item_dropout)
        self.mask = nn.Parameter(torch.empty(dim))
        self.age = nn.Embedding(config.max_history + 1, dim)  # 0 is the newest place
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.blocks))
        self.norm = nn.LayerNorm(dim)
        self.bias = nn.Parameter(torch.zeros(self.items))
        self.dropout = nn.Dropout(config.dropout)
        nn.init.normal_(self.age.weight, std=0.02)
        nn.init.normal_(self.mask, std=0.02)

    def encode(self, vectors: Tensor, batch: Tensor, hidden: Tensor) -> Tensor:
        """Hidden states of a batch.

        (items, dim), (batch, time) int left-padded with `items`, (batch, time) bool: which places show the mask
        -> (batch, time, dim).
        """
        present = batch < self.items
        time = batch.shape[1]
        h = F.embedding(batch.clamp(max=self.items - 1), vectors)
        h = torch.where(hidden[..., None], self.mask, h)
        h = self.dropout(h + self.age(torch.arange(time - 1, -1, -1)))  # (batch, time, dim)
        visible = (present | hidden)[:, None, None, :]  # (batch, 1, 1, time)
        if self.causal:
            visible = visible & torch.ones(time, time, dtype=torch.bool).tril()
        visible = visible | torch.eye(time, dtype=torch.bool)  # a padded place sees itself: no empty softmax
        for block in self.blocks:
            h = block(h, visible)
        return self.norm(h)

    def loss(self, batch: Tensor, sampling: Tensor) -> Tensor:
        """Mean cross-entropy of the hidden films (cloze) or of every next film (causal).

        (batch, time) int, left-padded with `items`; `sampling` as `sampled_softmax_loss` takes it.
        """
        vectors = self.item_tower()
        if self.causal:
            asked = batch < self.items
            h = self.encode(vectors, *self.behind_mask(batch))[:, :-1]
        else:
            asked = self.choose_hidden(batch)
            h = self.encode(vectors, batch, asked)
        return sampled_softmax_loss(h[asked], vectors, self.bias, batch[asked], sampling)

    def behind_mask(self, batch: Tensor) -> tuple[Tensor, Tensor]:
        """Put a mask before each row's oldest film, from which that film is predicted in turn.

        (batch, time) int -> the rows, one longer, and where the mask is: (batch, time + 1) bool.
        """
        rows = F.pad(batch, (1, 0), value=self.items)
        mask = (rows == self.items) & (F.pad(batch, (0, 1), value=0) < self.items)
        return rows, mask

    def choose_hidden(self, batch: Tensor) -> Tensor:
        """Places of the cloze: a random share of each row, or in some rows only the newest; (batch, time) bool."""
        hidden = (torch.rand(batch.shape) < self.mask_share) & (batch < self.items)
        only_last = torch.rand(len(batch), 1) < self.last_item_share
        hidden = hidden & ~only_last
        hidden[:, -1] |= only_last[:, 0] | ~hidden.any(1)  # every row asks for something
        return hidden

    @torch.no_grad()
    def scores(self, batch: Tensor) -> Tensor:
        """(batch, time) int, left-padded -> (batch, items) scores of the film after the last."""
        vectors = self.item_tower()
        if self.causal:
            batch, hidden = self.behind_mask(batch)
        else:
            hidden = F.pad(torch.zeros(batch.shape, dtype=torch.bool), (0, 1), value=True)
            batch = F.pad(batch, (0, 1), value=self.items)
        return self.encode(vectors, batch, hidden)[:, -1] @ vectors.T + self.bias

    @torch.no_grad()
    def export(self) -> dict[str, Tensor]:
        """What inference needs: the film vectors, made once and for all, and the blocks."""
        self.eval()
        named = self.named_parameters()
        rest = {name: tensor for name, tensor in named if not name.startswith("item_tower.")}
        return {"film_vectors": self.item_tower(), **rest}
