"""The best of many numbers, in compiled loops; of equals the first."""

import numpy as np
from numpy.typing import NDArray

from movie_genie.inference.compiled import (
    FLOAT32,
    FLOAT32_MATRIX,
    FLOAT32_VECTOR,
    INT32,
    INT64,
    INT64_VECTOR,
    WRITTEN_MATRIX,
    WRITTEN_VECTOR,
    Floats,
    Items,
    compiled,
)

SHIFT = 20
BINS = 1 << (32 - SHIFT)
"""As many as the first bits of a number have values."""


@compiled(INT32)
def _bin(bits: int) -> int:
    """A float32's place among the bins, by its bits."""
    turned = bits ^ ((bits >> 31) & 0x7FFFFFFF)
    return (turned >> SHIFT) + (BINS >> 1)


@compiled(FLOAT32_VECTOR, INT64)
def kth_largest(scores: Floats, k: int) -> np.float32:
    """The k-th largest finite score, -inf where there are fewer; (n,), no nan.

    Counts scores by their first bits, which have the order of the numbers once those of the negative ones are turned
    round, and sorts only those that share them with the k-th. Many equal scores, as a sparse model gives, cost nothing
    extra (numpy's partition takes fifteen times as long then).
    """
    lowest = np.float32(-np.inf)
    bits = scores.view(np.int32)
    counts = np.zeros(BINS, np.int64)
    for place in range(len(bits)):
        counts[_bin(bits[place])] += 1
    bin_ = BINS - 1
    if not 0 < k <= len(scores):
        return lowest
    while counts[bin_] < k:
        k -= counts[bin_]
        bin_ -= 1
    inside = np.empty(counts[bin_], np.float32)
    found, low, high = 0, np.float32(np.inf), lowest
    for place in range(len(bits)):
        if _bin(bits[place]) == bin_:
            inside[found] = scores[place]
            low, high = min(low, scores[place]), max(high, scores[place])
            found += 1
    if low == high:
        return low
    inside.sort()
    kth: np.float32 = inside[found - k]
    return kth


SAMPLED = 16
"""One score in so many says about how large the best are."""


@compiled(FLOAT32_VECTOR, INT64)
def _surely_below(scores: Floats, count: int) -> np.float32:
    """A number that the `count` best scores very probably do not fall below; -inf where few scores are asked."""
    sample = np.empty((len(scores) + SAMPLED - 1) // SAMPLED, np.float32)
    for place in range(len(sample)):
        sample[place] = scores[place * SAMPLED]
    # Half as many again as there would be on average, and some for a small sample.
    return kth_largest(sample, count * 3 // (2 * SAMPLED) + 8)


@compiled(WRITTEN_VECTOR, INT64_VECTOR, INT64)
def best(scores: Floats, excluded: Items, count: int) -> Items:
    """Places of the `count` best of what is finite and not excluded, ascending; among equals the first.

    Parameters
    ----------
    scores : (items,)
        Excluded ones become -inf.
    excluded : (n,)
    """
    for item in excluded:
        scores[item] = -np.inf
    # Only what is above a safe guess is looked at closely; should the guess be too high, everything is.
    places = np.empty(len(scores), np.int64)
    found: int = 0
    for guess in (_surely_below(scores, count), np.float32(-np.inf)):
        found = 0
        for item in range(len(scores)):
            if scores[item] >= guess and scores[item] > -np.inf:
                places[found] = item
                found += 1
        if found >= count:
            break
    close = np.empty(found, np.float32)
    for place in range(found):
        close[place] = scores[places[place]]
    bar = kth_largest(close, count)
    room = count
    for score in close:
        if score > bar:
            room -= 1
    kept: int = 0
    for place in range(found):
        if close[place] > bar or (close[place] == bar and room > 0):
            room -= close[place] == bar
            places[kept] = places[place]
            kept += 1
    return places[:kept].copy()


@compiled(INT64_VECTOR, INT64_VECTOR)
def union(one: Items, other: Items) -> Items:
    """What is in one of two ascending lists, ascending."""
    both = np.empty(len(one) + len(other), np.int64)
    i, j, found = 0, 0, 0
    while i < len(one) or j < len(other):
        if j == len(other) or (i < len(one) and one[i] <= other[j]):
            if j < len(other) and one[i] == other[j]:
                j += 1
            both[found] = one[i]
            i += 1
        else:
            both[found] = other[j]
            j += 1
        found += 1
    return both[:found].copy()


@compiled(FLOAT32_VECTOR, INT64_VECTOR)
def taken(scores: Floats, items: Items) -> Floats:
    """scores[items], which numpy does at a higher price: (n,)."""
    found = np.empty(len(items), np.float32)
    for place in range(len(items)):
        found[place] = scores[items[place]]
    return found


@compiled(FLOAT32_VECTOR, FLOAT32_MATRIX)
def weighted_sum(weights: Floats, rows: Floats) -> Floats:
    """weights @ rows, in single precision and without a library's start: (n,), (n, width) -> (width,)."""
    total = np.zeros(rows.shape[1], np.float32)
    for row in range(len(rows)):
        for place in range(rows.shape[1]):
            total[place] += weights[row] * rows[row, place]
    return total


@compiled(WRITTEN_MATRIX)
def standardise(scores: Floats) -> Floats:
    """Bring each row to mean 0 and deviation 1, in place; give the deviations, 1 where all of a row are the same."""
    rows, width = scores.shape
    deviations = np.ones(rows, np.float32)
    for row in range(rows):
        mean, variance = np.float32(0), np.float32(0)
        low, high = np.float32(np.inf), np.float32(-np.inf)
        for place in range(width):
            mean += scores[row, place]
            low, high = min(low, scores[row, place]), max(high, scores[row, place])
        mean /= np.float32(max(width, 1))
        if low == high:
            # The mean of equals is only nearly what they are, and that difference would count as their deviation.
            mean = low
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


@compiled(WRITTEN_MATRIX, FLOAT32, FLOAT32_MATRIX)
def add_at_the_end(sums: Floats, factor: np.float32, parts: Floats) -> None:
    """Add `factor` times (rows, n) parts to the last n columns of the sums, in place."""
    first = sums.shape[1] - parts.shape[1]
    for row in range(len(parts)):
        for place in range(parts.shape[1]):
            sums[row, first + place] += factor * parts[row, place]


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
