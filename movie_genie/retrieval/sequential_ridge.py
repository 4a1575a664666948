"""The sequential ridge: the next film regressed on the latest ones, each weighted by decay^age, in closed form.

It remembers which films follow which (an EASE, Steck 2019, that knows the order), where the towers generalise; beside
each other they find more than either alone (Cheng et al. 2016, Wide & Deep). Of each film's weights only the largest
are kept, so that a history costs a few thousand additions.
"""

from collections.abc import Sequence

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_matrix

from movie_genie.retrieval.follower_table import FollowerTable, Items, Table, most_rated, strongest


class SequentialRidge(FollowerTable):
    """Each film's strongest followers, over the films rated most."""

    def solve(self, sequences: Sequence[Items], items: int) -> Table:
        """Solve the ridge.

        An example is an event with what its user rated before it: x holds decay^age at each of the latest films (age 0
        is the latest), y is 1 at the event's film. The weights are (X'X + λI)⁻¹X'Y.

        Takes about 8 bytes × films² of memory and 2.3 films³ operations.
        """
        counts = np.bincount(np.concatenate(sequences), minlength=items)
        known, column = most_rated(counts, self.films)
        gram = np.zeros((len(known), len(known)), np.float32)
        follows = np.zeros_like(gram)
        # No history is longer; each step of the window takes memory.
        window = min(self.window, max(len(sequence) for sequence in sequences))
        for inputs, targets in _examples(sequences, column, self.decay, window):
            gram += (inputs.T @ inputs).toarray()
            follows += (inputs.T @ targets).toarray()
        gram[np.diag_indices_from(gram)] += self.regularisation
        factor = cho_factor(gram, overwrite_a=True, check_finite=False)
        solved = cho_solve(factor, follows, overwrite_b=True, check_finite=False)  # (known, known)
        return strongest(solved, known, items, self.kept)


def _examples(
    sequences: Sequence[Items], column: Items, decay: float, window: int, at_once: int = 20_000
) -> list[tuple[csr_matrix, csr_matrix]]:
    """Every event with what came before it: pairs of (events, known) inputs and (events, known) targets."""
    flat = np.concatenate(sequences)
    position = np.concatenate([np.arange(len(sequence)) for sequence in sequences])
    width = int(column.max()) + 1
    pairs = []
    for first in range(0, len(flat), at_once):
        events = np.arange(first, min(first + at_once, len(flat)))
        ages = np.arange(1, window + 1)
        before = events[:, None] - ages  # (events, window)
        rows, places = np.nonzero(ages <= position[events][:, None])
        films = column[flat[before[rows, places]]]
        values = (decay ** (ages[places] - 1)).astype(np.float32)
        use = films >= 0
        shape = (len(events), width)
        inputs = csr_matrix((values[use], (rows[use], films[use])), shape=shape)
        target = column[flat[events]]
        use = target >= 0
        ones = np.ones(int(use.sum()), np.float32)
        pairs.append((inputs, csr_matrix((ones, (np.flatnonzero(use), target[use])), shape=shape)))
    return pairs
