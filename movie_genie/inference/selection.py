"""The best of many numbers, in compiled loops; of equals the first."""

import numpy as np
from numpy.typing import NDArray

from movie_genie.inference.compiled import (
    FLOAT32,
    FLOAT32_MATRIX,
    FLOAT32_VECTOR,
    INT64,
    WRITTEN_MATRIX,
    Floats,
    Items,
    compiled,
)


def best(scores: Floats, count: int) -> Items:
    """Places of the `count` largest finite scores, in ascending order; among equals the first."""
    return _from_bar(scores, kth_largest(scores, count), count)


BINS = 256


@compiled(FLOAT32_VECTOR, INT64)
def kth_largest(scores: Floats, k: int) -> np.float32:
    """The k-th largest finite score, -inf where there are fewer; (n,).

    Counts scores in bins and looks again into the bin that holds the k-th, until all in it are the same. Many equal
    scores, as a sparse model gives, cost nothing extra (numpy's partition takes fifteen times as long then).
    """
    low, high, finite = np.float32(np.inf), np.float32(-np.inf), 0
    for score in scores:
        if score > -np.inf:
            low, high, finite = min(low, score), max(high, score), finite + 1
    if not 0 < k <= finite:
        return np.float32(-np.inf)
    counts = np.empty(BINS, np.int64)
    lows, highs = np.empty(BINS, np.float32), np.empty(BINS, np.float32)
    while low < high:
        counts[:], lows[:], highs[:] = 0, np.inf, -np.inf
        scale = np.float64(BINS - 1) / (np.float64(high) - np.float64(low))
        for score in scores:
            if low <= score <= high:
                place = int((np.float64(score) - np.float64(low)) * scale)
                counts[place] += 1
                lows[place], highs[place] = min(lows[place], score), max(highs[place], score)
        place = BINS - 1
        while counts[place] < k:
            k -= counts[place]
            place -= 1
        low, high = lows[place], highs[place]
    return low


@compiled(FLOAT32_VECTOR, FLOAT32, INT64)
def _from_bar(scores: Floats, bar: np.float32, count: int) -> Items:
    """`best`, where `bar` is the `count`-th largest score; of what is just at it, the first."""
    room = min(count, len(scores))
    places = np.empty(room, np.int64)
    for score in scores:
        room -= score > bar
    found = 0
    for place in range(len(scores)):
        score = scores[place]
        if score < bar or score == -np.inf:
            continue
        if score == bar:
            if room == 0:
                continue
            room -= 1
        places[found] = place
        found += 1
    return places[:found]


@compiled(WRITTEN_MATRIX)
def standardise(scores: Floats) -> Floats:
    """Bring each row to mean 0 and deviation 1, in place; give the deviations, 1 where all of a row are the same."""
    rows, width = scores.shape
    deviations = np.ones(rows, np.float32)
    for row in range(rows):
        mean, variance = np.float32(0), np.float32(0)
        for place in range(width):
            mean += scores[row, place]
        mean /= np.float32(max(width, 1))
        for place in range(width):
            scores[row, place] -= mean
            variance += scores[row, place] * scores[row, place]
        deviation = np.sqrt(variance / np.float32(max(width, 1)))
        if deviation > 0:
            deviations[row] = deviation
            for place in range(width):
                scores[row, place] /= deviation
    return deviations


def top(values: NDArray[np.floating], count: int) -> Items:
    """Places of the `count` largest finite values, largest first; of equals the first comes first."""
    places, largest = leading(np.asarray(values, np.float32), count)
    found: Items = places[np.isfinite(largest)]
    return found


@compiled(FLOAT32_VECTOR, INT64)
def leading(values: Floats, count: int) -> tuple[Items, Floats]:
    """The `count` largest values' places and the values, largest first; of equals the first comes first."""
    count = min(count, len(values))
    places, largest = np.empty(count, np.int64), np.empty(count, np.float32)
    found = 0
    for number in range(len(values)):
        value = values[number]
        if found == count:
            if count == 0 or value <= largest[count - 1]:
                continue
            place = count - 1
        else:
            place = found
            found += 1
        while place > 0 and largest[place - 1] < value:
            largest[place], places[place] = largest[place - 1], places[place - 1]
            place -= 1
        largest[place], places[place] = value, number
    return places, largest


@compiled(FLOAT32_MATRIX, INT64)
def strongest(contributions: Floats, count: int) -> tuple[Items, Floats]:
    """Each row's `count` largest parts of what is positive in it: their places and shares."""
    rows = len(contributions)
    places, shares = np.empty((rows, count), np.int64), np.empty((rows, count), np.float32)
    for row in range(rows):
        positive = np.maximum(contributions[row], np.float32(0))
        places[row], largest = leading(positive, count)
        shares[row] = largest / max(positive.sum(), np.float32(1e-9))
    return places, shares
