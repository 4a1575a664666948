import numpy as np
from histories import watched
from hypothesis import given
from hypothesis import strategies as st

from movie_genie.history import History
from movie_genie.training.batches import batches, pad, windows

LENGTHS = st.lists(st.integers(min_value=2, max_value=40), min_size=1, max_size=20)


def numbered(lengths: list[int]) -> list[History]:
    """Each film's number is its time too, and decides its stars."""
    ends = np.cumsum(lengths)
    films = [range(end - length, end) for end, length in zip(ends, lengths, strict=True)]
    return [watched(*own, times=own, stars=[film % 10 / 2 for film in own]) for own in films]


@given(lengths=LENGTHS, longest=st.integers(min_value=2, max_value=15), seed=st.integers(0, 99))
def test_windows_keep_the_order_and_lose_at_most_single_items(lengths, longest, seed):
    sequences = numbered(lengths)
    pieces = windows(sequences, longest, np.random.default_rng(seed))
    for piece in pieces:
        assert 2 <= len(piece) <= longest
        assert (np.diff(piece.items) == 1).all()
        assert (piece.times == piece.items).all() and (piece.stars == piece.items % 10 / 2).all()
        assert piece.asked == piece.times[-1]
    taken = np.concatenate([piece.items for piece in pieces]) if pieces else np.array([])
    assert len(set(taken.tolist())) == len(taken)
    for sequence in sequences:
        # only pieces of one item are dropped, and those can stand at the two ends only
        assert np.isin(sequence.items, taken).sum() >= len(sequence) - 2


@given(lengths=LENGTHS, tokens=st.integers(min_value=40, max_value=200), seed=st.integers(0, 99))
def test_batches_hold_every_piece_once_and_keep_to_the_size(lengths, tokens, seed):
    pieces = numbered(lengths)
    padding = sum(lengths)
    seen = []
    for batch in batches(pieces, tokens, padding, np.random.default_rng(seed)):
        assert batch.items.numel() <= tokens
        assert (batch.items[:, -1] != padding).all()  # the newest item is in the last column
        seen += [tuple(row[row != padding].tolist()) for row in batch.items]
    assert sorted(seen) == sorted(tuple(piece.items.tolist()) for piece in pieces)


def test_a_batch_takes_pieces_as_long_as_they_fit():
    pieces = numbered([3] * 7 + [9])
    sizes = sorted(tuple(batch.items.shape) for batch in batches(pieces, 9, 99, np.random.default_rng(0)))
    assert sizes == [(1, 3), (1, 9), (3, 3), (3, 3)]


def test_a_piece_longer_than_a_batch_stands_alone():
    pieces = numbered([2, 12, 12])
    sizes = sorted(tuple(batch.items.shape) for batch in batches(pieces, 10, 99, np.random.default_rng(0)))
    assert sizes == [(1, 2), (1, 12), (1, 12)]


def test_a_long_sequence_is_cut_at_other_places_each_epoch_into_full_windows():
    lengths = {
        tuple(len(piece) for piece in windows([watched(*range(20))], 4, np.random.default_rng(seed)))
        for seed in range(60)
    }
    # a first or a last piece of one item is dropped
    assert lengths == {(4, 4, 4, 4, 3), (2, 4, 4, 4, 4, 2), (3, 4, 4, 4, 4), (4, 4, 4, 4, 4)}


@given(seed=st.integers(0, 99))
def test_a_sequence_that_fits_stays_whole(seed):
    pieces = windows([watched(*range(n)) for n in (4, 1, 2)], 4, np.random.default_rng(seed))
    assert [piece.items.tolist() for piece in pieces] == [[0, 1, 2, 3], [0, 1]]


def test_batches_come_in_another_order_each_epoch():
    pieces = numbered(list(range(2, 12)))
    epochs = {
        tuple(batch.items.shape[1] for batch in batches(pieces, 1, 99, np.random.default_rng(seed)))
        for seed in range(5)
    }
    assert len(epochs) == 5
    assert all(sorted(lengths) == list(range(2, 12)) for lengths in epochs)


def test_pieces_of_one_length_are_mixed_anew_each_epoch():
    pieces = numbered([3] * 8)
    groups = {
        frozenset(
            frozenset(batch.items[:, 0].tolist())
            for batch in batches(pieces, 12, 99, np.random.default_rng(seed))
        )
        for seed in range(5)
    }
    assert len(groups) > 1


def test_no_rows_are_an_empty_batch():
    assert {tuple(part.shape) for part in pad([], padding=9)} == {(0, 0)}


def test_padding_stands_on_the_left():
    rows = [watched(1, 2, 3, stars=[2, 3, 4], times=[5, 6, 9], asked=10), watched(asked=8)]
    batch = pad([*rows, watched(7, stars=1, times=[2], asked=6)], padding=9)
    assert batch.items.tolist() == [[1, 2, 3], [9, 9, 9], [9, 9, 7]]
    assert batch.stars.tolist() == [[2, 3, 4], [0, 0, 0], [0, 0, 1]]
    assert batch.ages.tolist() == [[5, 4, 1], [0, 0, 0], [4, 4, 4]]  # where padded, the oldest film's
