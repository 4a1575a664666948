import numpy as np
import pandas as pd
import pytest

from movie_genie.data.cases import CASES_PER_USER
from movie_genie.data.schemas import TEST, TRAIN, VALIDATION
from movie_genie.errors import UserError
from movie_genie.training.examples import examples_of


def interactions(*users: list[tuple[int, int]]) -> pd.DataFrame:
    rows = [
        {"user_idx": user, "position": position, "item_idx": item, "leave_one_out": split}
        | {"timestamp": position}
        for user, events in enumerate(users)
        for position, (item, split) in enumerate(events)
    ]
    return pd.DataFrame(rows)


def test_sequences_hold_training_events_only_and_histories_all_before_the_target():
    table = interactions(
        [(4, TRAIN), (2, TRAIN), (7, VALIDATION), (1, TEST)],
        [(3, TRAIN), (5, TRAIN)],
        [(6, TRAIN)],  # too short to learn an order from
    )
    examples = examples_of(table, 8, "leave_one_out")
    assert [sequence.tolist() for sequence in examples.sequences] == [[4, 2], [3, 5]]
    assert [history.tolist() for history in examples.validation.histories()] == [[4, 2]]
    assert examples.validation.targets.tolist() == [7]


def test_every_validation_event_is_asked_from_what_came_before_it():
    table = interactions([(0, TRAIN), (1, TRAIN), (2, VALIDATION), (3, VALIDATION), (4, TEST)])
    examples = examples_of(table, 5, "leave_one_out")
    assert examples.validation.targets.tolist() == [2, 3]
    assert [history.tolist() for history in examples.validation.histories()] == [[0, 1], [0, 1, 2]]


def test_a_user_with_many_validation_events_is_asked_a_spread_of_them():
    events = [(item, TRAIN) for item in range(3)] + [(item, VALIDATION) for item in range(3, 103)]
    targets = examples_of(interactions(events), 103, "leave_one_out").validation.targets
    assert len(targets) == CASES_PER_USER
    assert targets[0] == 7 and targets[-1] == 102
    assert np.ptp(np.diff(targets)) <= 1


def test_a_validation_target_without_history_is_left_out():
    table = interactions([(0, VALIDATION), (1, TEST)], [(0, TRAIN), (1, TRAIN), (2, VALIDATION)])
    assert examples_of(table, 3, "leave_one_out").validation.targets.tolist() == [2]


def test_no_test_event_is_ever_seen():
    rng = np.random.default_rng(0)
    events = [[(int(rng.integers(50)), TRAIN)] * 3 + [(60, VALIDATION), (99, TEST)] for _ in range(20)]
    examples = examples_of(interactions(*events), 100, "leave_one_out")
    assert all(99 not in part for part in [*examples.sequences, *examples.validation.histories()])
    assert 99 not in examples.validation.targets


def test_too_little_to_learn_from_is_said():
    with pytest.raises(UserError, match="protocol leave_one_out: too few ratings"):
        examples_of(interactions([(0, TRAIN)]), 1, "leave_one_out")
