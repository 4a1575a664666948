"""Choose films that are good and unlike each other."""

import numpy as np
from numpy.typing import NDArray


def diversify(
    scores: NDArray[np.float32], vectors: NDArray[np.float32], count: int, diversity: float
) -> NDArray[np.int64]:
    """Places of `count` candidates by maximal marginal relevance (Carbonell & Goldstein 1998, section 2).

    Each next one is the best by (1 - diversity) * relevance - diversity * likeness, where relevance is the
    score brought to [0, 1] and likeness the largest product with a vector chosen before.

    Parameters
    ----------
    scores : (candidates,) float
        Finite, higher is better.
    vectors : (candidates, width) float
        Of unit length.
    diversity : float
        0 keeps the order of the scores, 1 minds only the difference.

    Returns
    -------
    (min(count, candidates),) int
        In the order of choice.
    """
    count = min(count, len(scores))
    if count == 0:
        return np.empty(0, np.int64)
    lowest, highest = scores.min(), scores.max()
    relevance = (scores - lowest) / (highest - lowest) if highest > lowest else np.zeros_like(scores)
    value = (1 - diversity) * relevance
    likeness = diversity * (vectors @ vectors.T)  # (candidates, candidates)
    chosen = np.empty(count, np.int64)
    nearest = np.full(len(scores), -np.inf, np.float32)
    gain = value.copy()
    for place in range(count):
        best = chosen[place] = int(gain.argmax())
        np.maximum(nearest, likeness[best], out=nearest)
        np.subtract(value, nearest, out=gain)
        gain[chosen[: place + 1]] = -np.inf
    return chosen
