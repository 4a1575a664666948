"""The item tower: what both models know a film by."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from movie_genie.training.examples import Content, Examples


class Features(NamedTuple):
    """What is known of each film, and whether training data holds it."""

    text: Tensor
    """(items, 384)"""
    genres: Tensor
    """(items, genres)"""
    decade: Tensor
    """(items,) int"""
    known: Tensor
    """(items, 1): 1 where a training sequence holds the film, else 0"""

    @classmethod
    def of(cls, content: Content, examples: Examples) -> "Features":
        """Put a protocol's content and examples together."""
        known = (examples.popularity > 0).astype(np.float32)[:, None]
        arrays = (content.text, content.genres, content.decade, known)
        return cls(*map(torch.from_numpy, arrays))


class ItemTower(nn.Module):
    """Film features -> film vectors."""

    text: Tensor
    genres: Tensor
    decade: Tensor
    known: Tensor

    def __init__(self, features: Features, dim: int, item_dropout: float) -> None:
        super().__init__()
        text, genres, decade, known = features
        self.register_buffer("text", text, persistent=False)  # (items, 384)
        self.register_buffer("genres", genres, persistent=False)  # (items, genres)
        self.register_buffer("decade", decade, persistent=False)  # (items,)
        self.register_buffer("known", known, persistent=False)  # (items, 1): 1 where training holds the film
        self.id = nn.Embedding(len(text), dim)
        self.from_text = nn.Linear(text.shape[1], dim)
        self.from_genres = nn.Linear(genres.shape[1], dim, bias=False)
        self.from_decade = nn.Embedding(int(decade.max()) + 1, dim)
        self.item_dropout = item_dropout
        nn.init.normal_(self.id.weight, std=dim**-0.5)
        nn.init.normal_(self.from_decade.weight, std=0.1)

    def forward(self) -> Tensor:
        """Vectors of all films: (items, dim)."""
        content = self.from_text(self.text) + self.from_genres(self.genres) + self.from_decade(self.decade)
        keep = self.known
        if self.training:  # some films are shown by content alone (Volkovs et al. 2017, DropoutNet)
            keep = keep * (torch.rand_like(keep) >= self.item_dropout)
        return content + keep * self.id.weight
