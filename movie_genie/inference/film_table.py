"""Film vectors as serving reads them: 8 bits a number, multiplied with one vector or with many."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from movie_genie.inference.compiled import (
    FLOAT32_VECTOR,
    INT8_MATRIX,
    INT8_VECTOR,
    INT64_VECTOR,
    Codes,
    Floats,
    Items,
    compiled,
)


@dataclass(frozen=True)
class FilmTable:
    """Each film's vector and bias.

    A request reads all of it, so it is kept small; what that is worth: docs/architecture.md.
    """

    codes: Codes
    """(items, dim)"""
    steps: Floats
    """(items,) what one step of each vector's codes is worth."""
    bias: Floats
    """(items,)"""

    @classmethod
    def of(cls, vectors: Floats, bias: Floats) -> "FilmTable":
        """Round each vector to 255 steps: (items, dim), finite; (items,)."""
        steps = np.maximum(np.abs(vectors).max(1) / np.float32(127), np.float32(1e-9))
        codes = np.rint(vectors / steps[:, None]).astype(np.int8, order="C")
        return cls(codes, steps, np.ascontiguousarray(bias))

    def __len__(self) -> int:
        """Number of films."""
        return len(self.codes)

    def vectors(self, items: Items) -> Floats:
        """The films' vectors: (n,) -> (n, dim)."""
        return decoded(self.codes, self.steps, items)

    @cached_property
    def all_vectors(self) -> Floats:
        """(items, dim); made when first asked for, as evaluation does and a server does not."""
        return self.vectors(np.arange(len(self)))

    @cached_property
    def lengths(self) -> Floats:
        """(items,) of the vectors; never quite 0."""
        squares = np.einsum("id,id->i", self.codes, self.codes, dtype=np.float32)
        lengths: Floats = np.maximum(np.sqrt(squares) * self.steps, np.float32(1e-9))
        return lengths

    def scores(self, states: Floats) -> Floats:
        """Each state's product with every film, and the film's bias: (cases, dim) -> (cases, items)."""
        if len(states) == 1:
            return products(self.codes, self.steps, self.bias, states[0])[None]
        found: Floats = states @ self.all_vectors.T
        found += self.bias
        return found

    def scores_of(self, state: Floats, items: Items) -> Floats:
        """One state's scores of some films: (dim,), (n,) -> (n,)."""
        return products_of(self.codes, self.steps, self.bias, state, items)

    def cosines(self, item: int) -> Floats:
        """Every film's cosine with one of them: (items,)."""
        (own,) = self.vectors(np.array([item]))
        nothing = np.zeros(len(self), np.float32)
        found: Floats = products(self.codes, self.steps, nothing, own) / (self.lengths * self.lengths[item])
        return found


@compiled(INT8_VECTOR, FLOAT32_VECTOR)
def coded_dot(code: Codes, vector: Floats) -> np.float32:
    """Inner product of a coded vector with another one, in its steps: (n,), (n,) -> number."""
    total = np.float32(0)
    for i in range(len(code)):
        total += np.float32(code[i]) * vector[i]
    return total


@compiled(INT8_VECTOR, INT8_VECTOR)
def codes_dot(one: Codes, other: Codes) -> np.int32:
    """Inner product of two coded vectors, in the product of their steps: (n,), (n,) -> number."""
    total = np.int32(0)
    for i in range(len(one)):
        total += np.int32(one[i]) * np.int32(other[i])
    return total


@compiled(INT8_MATRIX, FLOAT32_VECTOR, INT64_VECTOR)
def decoded(codes: Codes, steps: Floats, items: Items) -> Floats:
    """`FilmTable.vectors`: (n, dim)."""
    found = np.empty((len(items), codes.shape[1]), np.float32)
    for place in range(len(items)):
        item = items[place]
        for i in range(codes.shape[1]):
            found[place, i] = steps[item] * np.float32(codes[item, i])
    return found


@compiled(INT8_MATRIX, FLOAT32_VECTOR, FLOAT32_VECTOR, FLOAT32_VECTOR)
def products(codes: Codes, steps: Floats, bias: Floats, state: Floats) -> Floats:
    """`FilmTable.scores` of one state: (items,)."""
    found = np.empty(len(codes), np.float32)
    for item in range(len(codes)):
        found[item] = steps[item] * coded_dot(codes[item], state) + bias[item]
    return found


@compiled(INT8_MATRIX, FLOAT32_VECTOR, FLOAT32_VECTOR, FLOAT32_VECTOR, INT64_VECTOR)
def products_of(codes: Codes, steps: Floats, bias: Floats, state: Floats, items: Items) -> Floats:
    """`FilmTable.scores_of`: (n,)."""
    found = np.empty(len(items), np.float32)
    for place in range(len(items)):
        item = items[place]
        found[place] = steps[item] * coded_dot(codes[item], state) + bias[item]
    return found
