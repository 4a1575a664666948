import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from movie_genie.training.batches import batches, pad, windows

LENGTHS = st.lists(st.integers(min_value=2, max_value=40), min_size=1, max_size=20)


def numbered(lengths: list[int]) -> list[np.ndarray]:
    ends = np.cumsum(lengths)
    return [np.arange(end - length, end) for end, length in zip(ends, lengths, strict=True)]


@given(lengths=LENGTHS, longest=st.integers(min_value=2, max_value=15), seed=st.integers(0, 99))
def test_windows_keep_the_order_and_lose_at_most_single_items(lengths, longest, seed):
    sequences = numbered(lengths)
    pieces = windows(sequences, longest, np.random.default_rng(seed))
    for piece in pieces:
        assert 2 <= len(piece) <= longest
        assert (np.diff(piece) == 1).all()
    taken = np.concatenate(pieces) if pieces else np.array([])
    assert len(set(taken.tolist())) == len(taken)
    for sequence in sequences:
        # only pieces of one item are dropped, and those can stand at the two ends only
        assert np.isin(sequence, taken).sum() >= len(sequence) - 2


@given(lengths=LENGTHS, tokens=st.integers(min_value=40, max_value=200), seed=st.integers(0, 99))
def test_batches_hold_every_piece_once_and_keep_to_the_size(lengths, tokens, seed):
    pieces = numbered(lengths)
    padding = sum(lengths)
    seen = []
    for batch in batches(pieces, tokens, padding, np.random.default_rng(seed)):
        assert batch.size <= tokens
        assert (batch[:, -1] != padding).all()  # the newest item is in the last column
        seen += [tuple(row[row != padding]) for row in batch]
    assert sorted(seen) == sorted(tuple(piece) for piece in pieces)


def test_padding_stands_on_the_left():
    batch = pad([np.array([1, 2, 3]), np.array([], np.int64), np.array([7])], padding=9)
    assert batch.tolist() == [[1, 2, 3], [9, 9, 9], [9, 9, 7]]
