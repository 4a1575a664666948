from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
from histories import watched
from torch import Tensor
from torch.nn import functional

from movie_genie.config import Bert4RecConfig
from movie_genie.history import History
from movie_genie.inference.models import load
from movie_genie.inference.sequence_model import SequenceModel
from movie_genie.ranking.bert4rec import Bert4Rec
from movie_genie.training.batches import pad
from movie_genie.training.export import export
from movie_genie.training.item_tower import Features
from movie_genie.training.losses import softmax_loss

ITEMS, DAY = 40, 86_400
OBJECTIVES = ["cloze", "causal"]
CONFIG = Bert4RecConfig(
    seed=1, device="cpu", threads=1, max_epochs=1, patience=1, learning_rate=0.01, weight_decay=0, dropout=0.2,
    max_history=12, tokens_per_batch=100, loss="softmax", negatives=20, gbce_calibration=0.5, objective="cloze",
    hidden_dim=16, blocks=2, heads=2, mask_share=0.3, last_item_share=0.25, item_dropout=0.3, time_bias=True,
    rating_input=True, rating_weight=0.5,
)  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """Steps this small are slower on several."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def features() -> Features:
    genres = torch.randint(2, (ITEMS, 5)).float()
    return Features(torch.randn(ITEMS, 384), genres, torch.randint(4, (ITEMS,)), torch.ones(ITEMS, 1))


def fresh(**changes: object) -> Bert4Rec:
    torch.manual_seed(3)
    return Bert4Rec(features(), torch.linspace(2, 4.5, ITEMS), CONFIG.model_copy(update=changes))


def build(**changes: object) -> Bert4Rec:
    model = fresh(**changes)
    for parameter in model.parameters():  # away from zero, so that every tensor matters
        torch.nn.init.normal_(parameter, std=0.3)
    return model.eval()


def random_history(length: int, seed: int = 0) -> History:
    rng = np.random.default_rng(seed)
    times = np.sort(rng.integers(0, 900 * DAY, length))
    stars = rng.integers(1, 11, length) / 2
    return watched(*rng.integers(0, ITEMS, length), stars=stars, times=times, asked=1_000 * DAY)


def changed(history: History, place: int, what: str) -> History:
    """The same but for one film's number, stars or moment."""
    values = getattr(history, what).copy()
    values[place] = {
        "items": (values[place] + 1) % ITEMS,
        "stars": 5.5 - values[place],
        "times": values[place] + 1,
    }[what]
    if what == "times":
        values[place] = (
            (values[place] + values[place + 1 : place + 2].sum()) // 2
            if place + 1 < len(values)
            else 950 * DAY
        )
    return replace(history, **{what: values})


def rounded(model: Bert4Rec, exported: SequenceModel) -> None:
    """Give the model the film vectors in the 8 bits that serving reads, so that only the networks can differ."""
    vectors = torch.from_numpy(exported.films.all_vectors)
    model.item_tower.forward = lambda: vectors  # type: ignore[method-assign]


@torch.no_grad()
def read(model: Bert4Rec, *histories: History) -> Tensor:
    """What the network gives for histories in one batch."""
    return model.query(**model.given(model.item_tower(), pad(histories, ITEMS)))


@torch.no_grad()
def scores(model: Bert4Rec, *histories: History) -> Tensor:
    return model.scores(pad(histories, ITEMS))


@torch.no_grad()
def stars(model: Bert4Rec, *histories: History) -> Tensor:
    """(histories, items) what each viewer will give each film, before it is cut to .5 and 5."""
    vectors, found = model.item_tower(), read(model, *histories)
    dim = vectors.shape[1]
    return model.usual_stars + found[:, dim:-1] @ vectors.T + found[:, -1:]


# A second block, other heads, another width, a longer history, another objective: settings, and no code.
SHAPES = [
    {"objective": "cloze", "blocks": 2, "heads": 2, "hidden_dim": 16, "max_history": 12},
    {"objective": "causal", "blocks": 1, "heads": 4, "hidden_dim": 32, "max_history": 30},
    {"objective": "causal", "blocks": 3, "heads": 1, "hidden_dim": 16, "max_history": 5},
    {"objective": "causal", "blocks": 1, "max_history": 12, "time_bias": False},
    {"objective": "cloze", "blocks": 1, "max_history": 12, "rating_input": False, "time_bias": False},
]


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_exported_answers_as_the_trained_model_does(shape, tmp_path):
    model = build(**shape)
    export(model, tmp_path / "model", shape["max_history"], {})
    exported = load(tmp_path / "model")
    rounded(model, exported)
    histories = [random_history(length, length) for length in (0, 1, 2, 5, 12, 40)]
    recent = [history.latest(shape["max_history"]) for history in histories]
    expected, expected_stars = scores(model, *recent).numpy(), stars(model, *recent).numpy()
    every = np.arange(ITEMS)
    together = exported.read(histories)
    alone = np.concatenate([exported.read([history]) for history in histories])
    for found in (together, alone):
        np.testing.assert_allclose(exported.scores(found), expected, atol=1e-4)
        predicted = np.stack([exported.stars(row, every) for row in found])
        np.testing.assert_allclose(predicted, expected_stars.clip(0.5, 5), atol=1e-4)
    assert expected_stars.min() < 0.5 and expected_stars.max() > 5 and predicted.max() == 5


@pytest.mark.parametrize(("objective", "blocks"), list(product(OBJECTIVES, [1, 2])))
def test_the_state_asked_for_is_the_newest_of_all_places(objective, blocks):
    model = build(objective=objective, blocks=blocks)
    given = model.given(model.item_tower(), pad([random_history(7, seed) for seed in range(3)], ITEMS))
    present, ages = given["present"], given["ages"]
    inputs = given["films"], present, present, ages, functional.pad(ages, (0, 1))[:, 1:]
    torch.testing.assert_close(model.encode(*inputs, newest=True), model.encode(*inputs)[:, -1:])


@torch.no_grad()
def causal_states(model: Bert4Rec, history: History) -> Tensor:
    """(time + 1, dim) the states that each film is predicted from in turn, and the one after the newest."""
    films, present, given, usual, ages = model.given(model.item_tower(), pad([history], ITEMS)).values()
    return model.encode(*model.behind_mask(films, present, given, given - usual, ages))[0]


@pytest.mark.parametrize("blocks", [1, 2])
# The place that asks for a film knows when, and neither which one nor how it is rated.
@pytest.mark.parametrize(("what", "same"), [("items", 7), ("stars", 7), ("times", 6)])
def test_causal_states_never_see_a_later_film_nor_its_stars_or_moment(what, same, blocks):
    model, history = build(objective="causal", blocks=blocks), random_history(10)
    before, after = causal_states(model, history), causal_states(model, changed(history, 6, what))
    torch.testing.assert_close(before[:same], after[:same])
    assert not torch.allclose(before[same:], after[same:])


@pytest.mark.parametrize("what", ["items", "stars"])
def test_a_cloze_state_sees_both_sides_but_not_the_hidden_film(what):
    model, history = build(objective="cloze"), random_history(8)
    hidden = torch.zeros(1, 8, dtype=torch.bool)
    hidden[0, 4] = True

    @torch.no_grad()
    def state(place: int | None) -> Tensor:
        own = history if place is None else changed(history, place, what)
        films, present, given, usual, ages = model.given(model.item_tower(), pad([own], ITEMS)).values()
        places = model.places(films, given, (given - usual) * present)
        return model.encode(places, present & ~hidden, present, ages, ages)[0, 4]

    same = state(None)
    torch.testing.assert_close(state(4), same)
    assert not torch.allclose(state(2), same) and not torch.allclose(state(6), same)


class Noted:
    """What a loss is given."""

    def __init__(self, model: Bert4Rec, history: History, monkeypatch: pytest.MonkeyPatch) -> None:
        def of_stars(predicted: Tensor, given: Tensor, **_: float) -> Tensor:
            self.stars, self.given = predicted, given
            return predicted.sum()

        def of_films(states: Tensor, vectors: Tensor, bias: Tensor, targets: Tensor) -> Tensor:
            self.states, self.targets = states, targets
            return states.sum()

        with monkeypatch.context() as patch, torch.no_grad():
            patch.setattr(functional, "smooth_l1_loss", of_stars)
            model.loss(pad([history], ITEMS), of_films)


def hiding(model: Bert4Rec, *places: int) -> None:
    """The cloze asks for these places, counted from the newest."""

    def choose_hidden(present: Tensor) -> Tensor:
        hidden = torch.zeros_like(present)
        hidden[:, [-1 - place for place in places]] = True
        return hidden

    model.choose_hidden = choose_hidden  # type: ignore[method-assign]


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_films_own_stars_have_no_part_in_their_prediction(objective, monkeypatch):
    model, history = build(objective=objective), random_history(6)
    hiding(model, 3)
    film = 0 if objective == "cloze" else 2  # of those that are predicted
    before, after = (Noted(model, own, monkeypatch) for own in (history, changed(history, 2, "stars")))
    assert before.given[film] != after.given[film]
    torch.testing.assert_close(before.stars[: film + 1], after.stars[: film + 1])
    torch.testing.assert_close(before.states[: film + 1], after.states[: film + 1])
    other = Noted(model, changed(history, 1, "stars"), monkeypatch)
    assert not torch.allclose(before.stars[film], other.stars[film])


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_training_asks_for_the_last_film_as_serving_asks_for_the_next(objective, monkeypatch):
    model, whole = build(objective=objective), random_history(7)
    hiding(model, 0)
    noted = Noted(model, whole, monkeypatch)
    before = whole.part(0, 6, int(whole.times[6]))
    torch.testing.assert_close(noted.states[-1], read(model, before)[0, :16])
    torch.testing.assert_close(noted.stars[-1], stars(model, before)[0, whole.items[6]])
    assert (noted.targets[-1], noted.given[-1]) == (whole.items[6], whole.stars[6])


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_histories_shifted_in_time_with_their_question_get_the_same(objective, tmp_path):
    model, history = build(objective=objective), random_history(9)
    shifted = replace(history, times=history.times + 777 * DAY, asked=history.asked + 777 * DAY)
    assert torch.equal(read(model, shifted), read(model, history))
    given = model.given(model.item_tower(), pad([history], ITEMS))
    present, ages = given["present"], given["ages"]
    states = [
        model.encode(
            given["films"],
            present,
            present,
            ages + shift,
            functional.pad(ages, (0, 1))[:, 1:] + shift,
        )
        for shift in (0, 777 * DAY)
    ]
    torch.testing.assert_close(*states)
    later = replace(history, asked=history.asked + 777 * DAY)
    assert not torch.allclose(read(model, later), read(model, history))


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_histories_in_one_batch_get_what_each_gets_alone(objective):
    model = build(objective=objective)
    histories = [random_history(length, length) for length in (0, 1, 4, 6, 12)]
    alone = torch.cat([read(model, history) for history in histories])
    torch.testing.assert_close(read(model, *histories), alone, atol=1e-4, rtol=1e-4)


def test_the_mask_before_the_oldest_film_is_as_old_as_that_padded_or_not():
    model, short = build(objective="causal"), watched(3, 5, times=[100, 700], asked=1_000)
    for batch in (pad([short], ITEMS), pad([short, random_history(6)], ITEMS)):
        films, present, given, usual, ages = model.given(model.item_tower(), batch).values()
        _, told, shown, moments, asked = model.behind_mask(films, present, given, given - usual, ages)
        assert moments[0, -3:].tolist() == [900, 900, 300]
        assert asked[0, -3:].tolist() == [900, 300, 0]
        assert (shown & ~told)[0].nonzero().tolist() == [[told.shape[1] - 3]]


def test_the_cloze_asks_something_of_every_row_and_nothing_of_padding():
    model = build(objective="cloze")
    present = torch.ones(500, 9, dtype=torch.bool)
    present[:, :4] = False
    hidden = model.choose_hidden(present)
    assert hidden.any(1).all() and not hidden[:, :4].any()
    only_last = hidden[:, -1] & (hidden.sum(1) == 1)
    assert 0.25 < only_last.float().mean() < 0.5
    assert 0.2 < hidden[~only_last][:, 4:].float().mean() < 0.5


def learnt(batches: Iterator[list[History]], **changes: object) -> Bert4Rec:
    """A model trained on some batches."""
    model = fresh(**changes).train()
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    for histories in batches:
        optimizer.zero_grad()
        model.loss(pad(histories, ITEMS), softmax_loss).backward()
        optimizer.step()
    return model.eval()


LEFT, RIGHT = 38, 39


def batches_of(make: Callable[[np.random.Generator, bool], History], steps: int) -> Iterator[list[History]]:
    """Histories of both sorts side by side."""
    rng = np.random.default_rng(0)
    return ([make(rng, row % 2 == 0) for row in range(64)] for _ in range(steps))


def share_right(model: Bert4Rec, make: Callable[[np.random.Generator, bool], History]) -> float:
    """How often the film that the pattern says is before the other one, in histories that were not trained."""
    rng = np.random.default_rng(1)
    wholes = [make(rng, row % 2 == 0) for row in range(200)]
    found = scores(model, *(whole.part(0, len(whole) - 1, int(whole.times[-1])) for whole in wholes))
    says_left = found[:, LEFT] > found[:, RIGHT]
    return float((says_left == torch.tensor([whole.items[-1] == LEFT for whole in wholes])).float().mean())


def after_liked(rng: np.random.Generator, left: bool) -> History:
    """One film follows where the last was liked, another where it was not."""
    films, given = rng.integers(0, LEFT, 4), rng.choice([1.0, 5.0], 4)
    given[-1] = 5 if left else 1
    return watched(*films, LEFT if left else RIGHT, stars=[*given, 4])


def after_a_short_while(rng: np.random.Generator, left: bool) -> History:
    """One film follows in the same sitting, another after months."""
    films, gap = (
        rng.integers(0, LEFT, 4),
        int(rng.integers(60, 1_800) if left else rng.integers(60, 120) * DAY),
    )
    return watched(
        *films, LEFT if left else RIGHT, stars=4, times=[0, 100, 400 * DAY, 401 * DAY, 401 * DAY + gap]
    )


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize(
    ("pattern", "sense"), [(after_liked, "rating_input"), (after_a_short_while, "time_bias")]
)
def test_what_follows_a_rating_or_a_gap_is_learnt_by_a_model_that_knows_of_them(pattern, sense, objective):
    shape = {"objective": objective, "blocks": 1, "dropout": 0.0, "item_dropout": 0.0, "last_item_share": 0.7}
    assert share_right(learnt(batches_of(pattern, 150), **shape), pattern) > 0.95
    assert share_right(learnt(batches_of(pattern, 20), **shape, **{sense: False}), pattern) == pytest.approx(
        0.5, abs=0.15
    )


def of_a_taste(rng: np.random.Generator, even: bool) -> History:
    """A viewer who loves the films of even numbers and no others, or the other way round."""
    films = rng.permutation(ITEMS)[:10]
    return watched(*films, stars=np.where((films % 2 == 0) == even, 5, 1))


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_stars_of_a_taste_are_predicted(objective):
    shape = {"objective": objective, "blocks": 1, "dropout": 0.0, "item_dropout": 0.0}
    model = learnt(batches_of(of_a_taste, 400), rating_weight=5.0, **shape)
    rng = np.random.default_rng(1)
    lovers = [of_a_taste(rng, even) for even in [True, False] * 20]
    loved = (torch.arange(ITEMS) % 2 == 0) == torch.tensor([True, False] * 20)[:, None]
    off = stars(model, *lovers) - torch.where(loved, 5.0, 1.0)
    assert off.abs().mean() < 0.5
    assert ((stars(model, *lovers) > 3) == loved).float().mean() > 0.95


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_learning_brings_the_loss_down(objective):
    model = fresh(objective=objective).train()
    batch = pad([watched(*range(first, first + 12), stars=3.5) for first in range(8)], ITEMS)
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = model.loss(batch, softmax_loss)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert sum(losses[-5:]) < sum(losses[:5]) / 2
