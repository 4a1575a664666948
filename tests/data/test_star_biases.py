import numpy as np
import pytest
from histories import watched

from movie_genie.data.star_biases import USER_PRIOR, offset, usual_stars
from movie_genie.history import History

FILMS = np.array([-1.0, -0.5, 0.0, 0.5, 1.0] * 6)
USERS = np.linspace(-0.8, 0.8, 200)


def planted(share: float = 0.5) -> list[History]:
    """Users who give 3 stars, and what they and the film give or take."""
    rng = np.random.default_rng(0)
    chosen = [np.flatnonzero(rng.random(len(FILMS)) < share) for _ in USERS]
    return [watched(*films, stars=3 + FILMS[films] + user) for films, user in zip(chosen, USERS, strict=True)]


def test_planted_biases_of_films_are_recovered():
    assert usual_stars(planted(), len(FILMS)) == pytest.approx(3 + FILMS, abs=0.1)


def test_a_users_bias_is_recovered_from_many_ratings():
    histories = planted(share=1.0)
    usual = usual_stars(histories, len(FILMS))
    shrunken = USERS * len(FILMS) / (len(FILMS) + USER_PRIOR)
    assert [offset(history, usual) for history in histories] == pytest.approx(shrunken, abs=0.05)


def test_a_film_is_not_blamed_for_the_users_who_happened_to_rate_it():
    """The last two films are alike; one is rated by the generous only, the other by the strict."""
    histories = [
        watched(*range(20), film, stars=3 + generosity)
        for generosity, film in ((1, 20), (-1, 21))
        for _ in range(100)
    ]
    # Their own means are 4 and 2 stars.
    assert usual_stars(histories, 22) == pytest.approx([3] * 22, abs=0.2)


def test_a_film_that_nobody_rated_gets_the_mean():
    usual = usual_stars([watched(0, 1, stars=[2, 5]), watched(1, stars=2)], 4)
    assert usual.dtype == np.float32
    assert usual[2:].tolist() == [3, 3]


def test_a_film_rated_once_is_near_the_mean_and_one_rated_often_is_not():
    histories = [watched(0, 1, stars=[3, 5])] + [watched(0, 2, stars=[3, 5]) for _ in range(100)]
    usual = usual_stars(histories, 3)
    mean = np.mean([stars for history in histories for stars in history.stars])
    assert 0 < usual[1] - mean < 0.3 * (usual[2] - mean)


def test_an_offset_shrinks_to_nothing_where_few_ratings_are_known():
    usual = np.full(100, 3, np.float32)
    offsets = [offset(watched(*range(count), stars=4), usual) for count in (0, 1, 5, 95)]
    assert offsets == pytest.approx([0, 1 / 6, 0.5, 0.95])
    assert offset(watched(1, 2, stars=[4, 2]), usual) == 0
