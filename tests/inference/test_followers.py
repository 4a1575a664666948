import numpy as np
import pytest
from histories import watched

from movie_genie import weights
from movie_genie.artifacts import FOLLOWERS
from movie_genie.errors import UserError
from movie_genie.history import KNOWN_BY
from movie_genie.inference.followers import Followers
from movie_genie.inference.models import load, predicts_stars

ABOUT = {"kind": FOLLOWERS, "decay": 0.5, "window": 3}
TENSORS = {
    "films": np.array([[1, 2], [2, 3], [3, 0], [0, 1]], np.int32),
    "strength": np.array([[4, 2], [1, 1], [8, 0], [2, 2]], np.float32),
}


@pytest.fixture
def followers(tmp_path) -> Followers:
    weights.save(tmp_path / "m", TENSORS, ABOUT)
    return load(tmp_path / "m")


def test_a_history_is_the_sum_of_its_latest_films_followers_older_ones_counting_less(followers):
    # film 2 counts full, film 1 half, film 0 a quarter; film 3 is beyond the window
    (scores,) = followers.scores(followers.read([watched(3, 0, 1, 2)]))
    assert scores.tolist() == [0, 4 / 4, 2 / 4 + 1 / 2, 1 / 2 + 8]


def test_contributions_add_up_to_the_scores(followers):
    history, items = np.array([3, 0, 1, 2]), np.array([3, 1])
    parts = followers.contributions(watched(*history), items)
    assert parts.tolist() == [[0, 0.5, 8], [1, 0, 0]]
    np.testing.assert_allclose(parts.sum(1), followers.read([watched(*history)])[0, items])
    assert followers.contributions(watched(), items).shape == (2, 0)


def test_an_empty_history_says_nothing(followers):
    assert not followers.scores(followers.read([watched()])).any()


def test_disliked_films_say_nothing_and_take_no_place_in_the_window(followers):
    liked, with_disliked = watched(0, 1, 2), watched(0, 3, 1, 2, 3, stars=[3, 2.5, 5, 4, 0.5])
    assert followers.read([with_disliked]).tolist() == followers.read([liked]).tolist()


def test_a_film_hardly_liked_says_as_much_as_any_once_a_taste_is_known(followers):
    liked, with_one_more = [3] * KNOWN_BY, watched(*[3] * KNOWN_BY, 0, stars=[5.0] * KNOWN_BY + [2.0])
    (scores,) = followers.read([with_one_more])
    assert scores.tolist() == followers.read([watched(*liked, 0)])[0].tolist()
    assert followers.contributions(with_one_more, np.array([1])).shape == (1, 3)


def test_followers_know_nothing_of_stars(followers):
    assert not predicts_stars(followers)


def test_scores_of_some_films_are_those_of_all(followers):
    read, wanted = followers.read([watched(1), watched(2, 0)]), [np.array([2]), np.array([0, 1, 3])]
    for scores, items, own in zip(followers.scores(read), wanted, read, strict=True):
        assert followers.scores_of(own, items).tolist() == scores[items].tolist()


@pytest.mark.parametrize(
    ("tensors", "about", "says"),
    [
        ({"films": TENSORS["films"]}, ABOUT, "strength' is missing"),
        (TENSORS, {"kind": FOLLOWERS, "window": 3}, "decay' is missing"),
        (TENSORS, ABOUT | {"window": 0}, "window of 0"),
        ({name: table[:, :0] for name, table in TENSORS.items()}, ABOUT, "no followers"),
        (TENSORS | {"films": TENSORS["films"] + 1}, ABOUT, "films beyond the 4"),
        (TENSORS | {"strength": TENSORS["strength"][:2]}, ABOUT, "tensor strength is"),
        (TENSORS, ABOUT | {"kind": "oracle"}, "kind: expected one of sequence_model, followers"),
    ],
)
def test_a_folder_that_is_no_such_model_is_refused_in_one_line(tensors, about, says, tmp_path):
    weights.save(tmp_path / "m", tensors, about)
    with pytest.raises(UserError, match=says):
        load(tmp_path / "m")
