"""What the two-tower model computes for a history, as loops: `inference.py` says what it means."""

import numpy as np
from numpy.typing import NDArray

from movie_genie.compiled import (
    BYTES,
    INDICES,
    ITEMS,
    MATRIX,
    NUMBER,
    VECTOR,
    Codes,
    Floats,
    Items,
    add_coded,
    add_scaled,
    coded_dot,
    compiled,
    dot,
)
from movie_genie.retrieval.neighbours import add_neighbour_scores, neighbour_parts

EPSILON = np.float32(1e-5)
"""Torch's default, added to the variance that a layer norm divides by."""

BEND = np.float32(0.7978845608)
CUBE = np.float32(0.044715)
"""Of the Gaussian error linear unit in its tanh form (Hendrycks & Gimpel 2016, section 2)."""


@compiled(
    BYTES,
    VECTOR,
    VECTOR,
    MATRIX,
    BYTES,
    VECTOR,
    VECTOR,
    BYTES,
    VECTOR,
    VECTOR,
    INDICES,
    MATRIX,
    VECTOR,
    ITEMS,
)
def read(
    codes: Codes,
    steps: Floats,
    film_bias: Floats,
    powers: Floats,
    into: Codes,
    into_steps: Floats,
    bias: Floats,
    out: Codes,
    out_steps: Floats,
    out_bias: Floats,
    followers: NDArray[np.int32],
    strength: Floats,
    left: Floats,
    recent: Items,
) -> tuple[Floats, Floats, Floats, np.float32, Floats]:
    """Scores, and `Reading`'s memory, means, deviation and hidden."""
    count, time = len(powers), len(recent)
    memory = np.empty((count, time), np.float32)
    for mean in range(count):
        held = np.float32(0)
        for age in range(time):
            held += powers[mean, powers.shape[1] - 1 - age]
        for place in range(time):
            memory[mean, place] = powers[mean, powers.shape[1] - time + place] / held
    sums = np.zeros((count, codes.shape[1]), np.float32)
    for place in range(time):
        film = recent[place]
        for mean in range(count):
            add_coded(sums[mean], memory[mean, place] * steps[film], codes[film])
    means = sums.ravel()
    centre = means.sum() / np.float32(len(means))
    means -= centre
    deviation = np.sqrt(dot(means, means) / np.float32(len(means)) + EPSILON)
    means /= deviation
    hidden = bias.copy()
    for i in range(len(means)):
        add_coded(hidden, means[i] * into_steps[i], into[i])
    active = np.empty(len(hidden), np.float32)
    for o in range(len(hidden)):
        x = hidden[o]
        active[o] = np.float32(0.5) * x * (np.float32(1) + np.tanh(BEND * x * (np.float32(1) + CUBE * x * x)))
    user = out_bias.copy()
    for d in range(len(user)):
        user[d] += out_steps[d] * coded_dot(out[d], active)
    scores = np.empty(len(codes), np.float32)
    for item in range(len(codes)):
        scores[item] = steps[item] * coded_dot(codes[item], user) + film_bias[item]
    add_neighbour_scores(scores, recent, followers, strength, left)
    return scores, memory, means, deviation, hidden


@compiled(
    BYTES,
    VECTOR,
    ITEMS,
    BYTES,
    VECTOR,
    BYTES,
    VECTOR,
    INDICES,
    MATRIX,
    VECTOR,
    ITEMS,
    MATRIX,
    VECTOR,
    NUMBER,
    VECTOR,
)
def carried(
    codes: Codes,
    steps: Floats,
    items: Items,
    into: Codes,
    into_steps: Floats,
    out: Codes,
    out_steps: Floats,
    followers: NDArray[np.int32],
    strength: Floats,
    left: Floats,
    recent: Items,
    memory: Floats,
    means: Floats,
    deviation: np.float32,
    hidden: Floats,
) -> Floats:
    """`TwoTower.carried`: back from an item's score to the means, and to the films in them."""
    slope_of = np.empty(len(hidden), np.float32)
    for o in range(len(hidden)):
        x = hidden[o]
        bent = np.tanh(BEND * x * (np.float32(1) + CUBE * x * x))
        steepness = BEND * (np.float32(1) + np.float32(3) * CUBE * x * x)
        half = np.float32(0.5)
        slope_of[o] = half * (np.float32(1) + bent) + half * x * (np.float32(1) - bent * bent) * steepness
    dim = codes.shape[1]
    slopes = np.empty(
        (len(items), len(memory), dim), np.float32
    )  # by the means, as they were before their norm
    for number in range(len(items)):
        by_hidden = np.zeros(len(hidden), np.float32)
        for d in range(dim):
            add_coded(by_hidden, np.float32(codes[items[number], d]) * out_steps[d], out[d])
        by_hidden *= slope_of * steps[items[number]]
        slope = slopes[number].ravel()
        for i in range(len(means)):
            slope[i] = into_steps[i] * coded_dot(into[i], by_hidden)
        add_scaled(slope, -dot(slope, means) / np.float32(len(means)), means)
        slope /= deviation
    parts = np.empty((len(items), len(recent)), np.float32)
    for place in range(len(recent)):  # one film's vector meets all slopes while it is at hand
        film = recent[place]
        for number in range(len(items)):
            total = np.float32(0)
            for mean in range(len(memory)):
                total += memory[mean, place] * coded_dot(codes[film], slopes[number, mean])
            parts[number, place] = total * steps[film]
    said = neighbour_parts(recent, items, followers, strength, left)
    parts[:, len(recent) - said.shape[1] :] += said
    return parts
