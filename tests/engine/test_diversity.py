import numpy as np

from movie_genie.engine.diversity import diversify

TWINS = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
SCORES = np.array([3.0, 2.9, 1.0], np.float32)


def test_without_diversity_the_order_is_the_scores():
    assert diversify(SCORES, TWINS, 3, 0.0).tolist() == [0, 1, 2]


def test_a_twin_of_the_best_waits_for_a_different_film():
    # the twin: .5 * .95 - .5 * 1 = -.025; the other: .5 * 0 - .5 * 0 = 0
    assert diversify(SCORES, TWINS, 3, 0.5).tolist() == [0, 2, 1]


def test_equal_scores_and_short_lists_are_taken_as_they_are():
    assert diversify(np.ones(2, np.float32), TWINS[:2], 5, 0.5).tolist() == [0, 1]
    assert diversify(SCORES[:0], TWINS[:0], 5, 0.5).tolist() == []
