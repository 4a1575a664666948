"""What BERT4Rec computes for a history, as loops: `inference.py` says what it means."""

import numpy as np

from movie_genie.compiled import (
    BYTES,
    ITEMS,
    MATRIX,
    NUMBER,
    TRUTH,
    VECTOR,
    WHOLE,
    Codes,
    Floats,
    Items,
    add_coded,
    add_scaled,
    coded_dot,
    compiled,
    dot,
)
from movie_genie.retrieval.kernels import EPSILON


@compiled(BYTES, VECTOR, ITEMS, VECTOR, MATRIX, TRUTH)
def places(codes: Codes, steps: Floats, history: Items, mask: Floats, ages: Floats, causal: bool) -> Floats:
    """What the first block reads: films and mask in their order, and how old each place is: (time, dim)."""
    time = len(history) + 1
    h = np.empty((time, len(mask)), np.float32)
    for place in range(time):
        h[place] = ages[time - 1 - place]
        number = place - 1 if causal else place  # the mask stands before the films, or behind them
        if 0 <= number < len(history):
            add_coded(h[place], steps[history[number]], codes[history[number]])
        else:
            h[place] += mask
    return h


@compiled(VECTOR)
def _deviation(x: Floats) -> np.float32:
    """With torch's epsilon."""
    mean = x.sum() / np.float32(len(x))
    variance = np.float32(0)
    for value in x:
        variance += (value - mean) * (value - mean)
    deviation: np.float32 = np.sqrt(variance / np.float32(len(x)) + EPSILON)
    return deviation


@compiled(VECTOR, NUMBER, BYTES, VECTOR, VECTOR)
def _map(x: Floats, scale: np.float32, codes: Codes, steps: Floats, bias: Floats) -> Floats:
    """x through a `Map`, times a scale before the bias."""
    y = bias.copy()
    for i in range(len(x)):
        add_coded(y, x[i] * scale * steps[i], codes[i])
    return y


_MAP = (BYTES, VECTOR, VECTOR)


@compiled(MATRIX, *_MAP, *_MAP, *_MAP, *_MAP, *_MAP, VECTOR, VECTOR, WHOLE, BYTES, VECTOR, VECTOR, ITEMS)
def scores(
    h: Floats,
    query_map: Codes,
    query_steps: Floats,
    query_bias: Floats,
    key_value: Codes,
    key_value_steps: Floats,
    key_value_bias: Floats,
    mix: Codes,
    mix_steps: Floats,
    mix_bias: Floats,
    up: Codes,
    up_steps: Floats,
    up_bias: Floats,
    down: Codes,
    down_steps: Floats,
    down_bias: Floats,
    gain: Floats,
    shift: Floats,
    heads: int,
    codes: Codes,
    steps: Floats,
    bias: Floats,
    items: Items,
) -> Floats:
    """`Block.scores`.

    One place asks, so no place's key or value is needed for itself: the query goes through the keys' map once, and
    the places' average through the values'. What the keys' bias adds is the same for every place, and falls out.
    """
    time, dim = h.shape
    newest, one = h[time - 1], np.float32(1)
    query = _map(newest, one / _deviation(newest), query_map, query_steps, query_bias)
    scale = np.empty(time, np.float32)
    for place in range(time):
        scale[place] = one / _deviation(h[place])
    value = np.empty(dim, np.float32)
    weight = np.empty(time, np.float32)
    width = dim // heads
    for head in range(heads):
        first, end = head * width, (head + 1) * width
        asked = np.empty(dim, np.float32)
        for i in range(dim):
            asked[i] = key_value_steps[i] * coded_dot(key_value[i, first:end], query[first:end])
        for place in range(time):
            weight[place] = dot(h[place], asked) * scale[place]
        highest, total = weight.max(), np.float32(0)
        for place in range(time):
            weight[place] = np.exp(weight[place] - highest)
            total += weight[place]
        average = np.zeros(dim, np.float32)
        for place in range(time):
            add_scaled(average, weight[place] / total * scale[place], h[place])
        value[first:end] = key_value_bias[dim + first : dim + end]
        for i in range(dim):
            part = key_value[i, dim + first : dim + end]
            add_coded(value[first:end], average[i] * key_value_steps[i], part)
    state = newest + _map(value, one, mix, mix_steps, mix_bias)
    inner = _map(state, one / _deviation(state), up, up_steps, up_bias)
    for o in range(len(inner)):
        inner[o] = max(inner[o], np.float32(0))
    state += _map(inner, one, down, down_steps, down_bias)
    state = (state - state.sum() / np.float32(dim)) / _deviation(state)
    for i in range(dim):
        state[i] = state[i] * gain[i] + shift[i]
    found = np.empty(len(items), np.float32)
    for number in range(len(items)):
        item = items[number]
        found[number] = steps[item] * coded_dot(codes[item], state) + bias[item]
    return found
