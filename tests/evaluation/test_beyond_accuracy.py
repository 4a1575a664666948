import doctest

import numpy as np
import pytest

from movie_genie.evaluation import beyond_accuracy
from movie_genie.evaluation.beyond_accuracy import coverage, diversity, novelty


def test_coverage_counts_each_film_once():
    assert coverage(np.array([[0, 1, 2], [2, 1, -1]]), items=6) == 0.5
    assert coverage(np.array([[-1, -1]]), items=6) == 0


def test_novelty_is_one_bit_for_a_film_that_half_of_the_users_rated():
    raters = np.array([9, 4, 0])
    assert novelty(np.array([[1]]), raters, users=9) == pytest.approx(1)
    assert novelty(np.array([[0]]), raters, users=9) == 0
    assert novelty(np.array([[0]]), np.array([4]), users=9) == pytest.approx(
        1
    )  # the film numbered 0 counts too
    assert novelty(np.array([[0, 1, 2]]), raters, users=9) == pytest.approx((0 + 1 + np.log2(10)) / 3)


def test_novelty_leaves_out_places_that_stay_empty():
    assert novelty(np.array([[1, -1]]), np.array([9, 4]), users=9) == pytest.approx(1)
    assert novelty(np.array([[-1]]), np.array([9, 4]), users=9) == 0


def test_diversity_is_the_mean_distance_of_pairs():
    angle = np.deg2rad([0, 60, 90])
    vectors = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    expected = 1 - (np.cos(np.deg2rad([60, 90, 30]))).mean()
    assert diversity(np.array([[0, 1, 2]]), vectors) == pytest.approx(expected)
    assert diversity(np.array([[2, 0, 1], [1, 2, 0]]), vectors) == pytest.approx(expected)


def test_diversity_leaves_out_empty_places_and_lists_of_one():
    vectors = np.array([[1, 0], [0.5, np.sqrt(0.75)], [0, 1]])
    assert diversity(np.array([[0, 1, -1], [2, -1, -1]]), vectors) == pytest.approx(0.5)
    assert diversity(np.array([[0, -1]]), vectors) == 0


def test_each_example_in_the_docstrings_holds():
    done = doctest.testmod(beyond_accuracy)
    assert done.attempted > 0
    assert done.failed == 0
