"""EASE (Steck 2019) as a candidate source: which films are watched by the same people, whatever the order.

Beside the sequential ridge, which asks what comes next, it remembers what lies long back. Of each film's weights only
the largest are kept, as of the ridge's.
"""

from collections.abc import Sequence

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_matrix

from movie_genie.retrieval.follower_table import FollowerTable, Items, Table, most_rated, strongest


class Ease(FollowerTable):
    """Each film's strongest companions, over the films rated most."""

    def solve(self, sequences: Sequence[Items], items: int) -> Table:
        """Solve equation 8.

        With P = (X'X + λI)⁻¹ for the binary matrix X (users, films), the weight from film i to film j is
        -P[i, j] / P[j, j].
        """
        films = np.concatenate(sequences)
        known, column = most_rated(np.bincount(films, minlength=items), self.films)
        users = np.repeat(np.arange(len(sequences)), [len(own) for own in sequences])
        use = column[films] >= 0
        ones = np.ones(int(use.sum()), np.float32)
        rated = csr_matrix((ones, (users[use], column[films[use]])), shape=(len(sequences), len(known)))
        gram = (rated.T @ rated).toarray()
        gram[np.diag_indices_from(gram)] += self.regularisation
        factor = cho_factor(gram, overwrite_a=True, check_finite=False)
        identity = np.eye(len(known), dtype=np.float32)
        inverse = cho_solve(factor, identity, overwrite_b=True, check_finite=False)
        inverse = inverse.astype(np.float32, copy=False)
        inverse /= -np.diagonal(inverse).copy()
        np.fill_diagonal(inverse, 0)
        return strongest(inverse, known, items, self.kept)
