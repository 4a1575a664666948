import numpy as np
from histories import watched
from small_split import split_ratings

from benchmarks.quality.neighbours import Neighbours
from movie_genie.data.cases import held_out, training_sequences
from movie_genie.data.schemas import TEST
from movie_genie.evaluation.predicted_ratings import Biases, errors


def two_camps():
    """Twenty viewers, each loving the even films and hating the odd ones, or the other way round; ten films each."""
    random = np.random.default_rng(1)
    films = [random.permutation(12)[:10].tolist() for _ in range(20)]
    ratings = split_ratings(films)
    even = ratings["item_idx"] % 2 == 0
    loves_even = ratings["user_idx"] % 2 == 0
    return ratings.assign(rating=np.where(even == loves_even, 4.5, 1.5).astype(np.float32))


def test_biases_know_no_taste_and_neighbours_do():
    ratings = two_camps()
    cases = held_out(ratings, "leave_one_out", TEST)
    training = training_sequences(ratings, "leave_one_out")
    off = {kind: errors(kind(training, 12).predict(cases), cases)["mae"] for kind in (Biases, Neighbours)}
    assert off[Biases] > 1.2
    assert off[Neighbours] < 0.6 * off[Biases]


def test_predictions_are_stars_that_there_are():
    training = [watched(0, 1, stars=5.0), watched(0, 1, stars=5.0), watched(2, 3, stars=0.5)]
    ratings = split_ratings([[0, 1, 2], [2, 3, 0]]).assign(rating=np.float32(5))
    cases = held_out(ratings, "leave_one_out", TEST)
    for kind in (Biases, Neighbours):
        predicted = kind(training, 4).predict(cases)
        assert predicted.dtype == np.float32
        assert ((predicted >= 0.5) & (predicted <= 5)).all()
