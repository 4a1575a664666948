"""What stars a film usually gets, and how far a viewer is off that: what is known of a rating without any taste."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from movie_genie.history import History

FILM_PRIOR, USER_PRIOR = 5.0, 5.0
"""As many ratings at the mean are added to each film's, and each user's, own ones."""

ROUNDS = 10


def usual_stars(sequences: Sequence[History], items: int) -> NDArray[np.float32]:
    """The stars that each film gets from a viewer who rates like all others: (items,); the mean where nobody rated.

    Biases of users and films are taken in turns, each as the shrunken mean of what the others leave (Koren 2008,
    section 2.1, by alternating least squares).
    """
    films = np.concatenate([own.items for own in sequences])
    stars = np.concatenate([own.stars for own in sequences]).astype(np.float64)
    users = np.repeat(np.arange(len(sequences)), [len(own) for own in sequences])
    mean = stars.mean()
    of_films, of_users = np.zeros(items), np.zeros(len(sequences))
    by_film, by_user = np.bincount(films, minlength=items), np.bincount(users)
    for _ in range(ROUNDS):
        left = stars - mean - of_films[films]
        of_users = np.bincount(users, left) / (by_user + USER_PRIOR)
        left = stars - mean - of_users[users]
        of_films = np.bincount(films, left, items) / (by_film + FILM_PRIOR)
    usual: NDArray[np.float32] = (mean + of_films).astype(np.float32)
    return usual


def offset(history: History, usual: NDArray[np.float32]) -> float:
    """How many stars a viewer gives more than is usual for the films, shrunken to 0 where few are known."""
    return float((history.stars - usual[history.items]).sum() / (len(history) + USER_PRIOR))
