import numpy as np
import pytest
from small_split import split_ratings

from movie_genie.data.cases import held_out
from movie_genie.data.schemas import TEST
from movie_genie.evaluation.predicted_ratings import errors


def test_errors_are_in_stars_and_each_user_counts_the_same():
    ratings = split_ratings([[0, 1, 2, 3], [0, 1, 2, 3]]).assign(rating=np.float32(3))
    one_each = held_out(ratings, "leave_one_out", TEST)
    cases = one_each.take(np.array([0, 0, 0, 1]))
    found = errors(np.array([4.0, 4.0, 4.0, 0.0], np.float32), cases)
    assert found == {"mae": 2.0, "rmse": pytest.approx(5**0.5)}
