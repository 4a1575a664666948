import numpy as np
import pytest
import torch
import torch.nn.functional as F

from movie_genie.config import Bert4RecConfig
from movie_genie.training.losses import (
    gbce_loss,
    make_loss,
    sampled_softmax_loss,
    sampling_probabilities,
    softmax_loss,
)


@pytest.fixture
def case():
    torch.manual_seed(1)
    return torch.randn(50, 8), torch.randn(300, 8), torch.randn(300) * 0.1, torch.randint(300, (50,))


def test_softmax_is_the_cross_entropy_over_all_films(case):
    states, vectors, bias, targets = case
    chances = torch.softmax(states @ vectors.T + bias, 1)[torch.arange(50), targets]
    assert softmax_loss(*case).item() == pytest.approx(-chances.log().mean().item(), rel=1e-5)


def test_with_every_item_drawn_the_sampled_loss_is_the_exact_one(case):
    sampled = sampled_softmax_loss(*case, sampling=torch.ones(300))
    assert sampled.item() == pytest.approx(softmax_loss(*case).item(), rel=1e-5)


def test_the_estimated_normaliser_is_unbiased(case):
    """The loss itself is asked; of one event it gives the normaliser, whose mean over many draws is the true one."""
    states, vectors, bias, targets = (part[:1] if len(part) == 50 else part for part in case)
    vectors = vectors * 0.3  # a normaliser that a few films decide has no mean within reach
    sampling = sampling_probabilities(torch.arange(300), 100)
    assert sampling.max() / sampling.min() > 10  # with equal chances a lost correction would not show
    losses = torch.stack(
        [sampled_softmax_loss(states, vectors, bias, targets, sampling) for _ in range(4000)]
    )
    exact = softmax_loss(states, vectors, bias, targets).exp()
    assert (losses.exp().mean() / exact).item() == pytest.approx(1, abs=0.01)


def test_a_larger_sample_comes_closer_to_the_exact_loss(case):
    exact = softmax_loss(*case).item()

    def distance(expected: int) -> float:
        sampling = sampling_probabilities(torch.ones(300), expected)
        losses = [sampled_softmax_loss(*case, sampling).item() for _ in range(200)]
        return sum(abs(loss - exact) for loss in losses) / len(losses)

    assert distance(200) < distance(20)


@pytest.mark.parametrize("expected", [1, 30, 299, 300, 5000])
def test_sampling_probabilities_add_up_to_the_expected_number(expected):
    chances = sampling_probabilities(torch.arange(300) ** 2, expected)
    assert chances.sum().item() == pytest.approx(min(expected, 300), rel=1e-3)
    assert (chances > 0).all() and (chances <= 1).all()
    assert (chances.diff() >= 0).all()  # a more popular film is drawn at least as often


def test_sampling_is_by_the_root_of_popularity():
    chances = sampling_probabilities(torch.tensor([0, 3, 8, 15]), 1)
    torch.testing.assert_close(chances, torch.tensor([1.0, 2, 3, 4]) / 10, rtol=1e-4, atol=0)


def test_gbce_without_calibration_is_the_plain_binary_cross_entropy(case, monkeypatch):
    states, vectors, bias, targets = case
    drawn = torch.arange(40)
    monkeypatch.setattr(torch, "randint", lambda *_, **__: drawn)
    logits = states @ vectors.T + bias
    wanted = -F.logsigmoid(logits[torch.arange(50), targets])
    others = -F.logsigmoid(-logits[:, drawn]) * (drawn != targets[:, None])
    expected = ((wanted + others.sum(1)) / 41).mean()
    assert gbce_loss(*case, negatives=40, calibration=0.0).item() == pytest.approx(expected.item(), rel=1e-5)


def test_full_calibration_raises_the_targets_probability_to_the_share_of_films_shown(case, monkeypatch):
    states, vectors, bias, targets = case
    monkeypatch.setattr(torch, "randint", lambda *_, **__: torch.arange(40))
    own = F.logsigmoid((states @ vectors.T + bias)[torch.arange(50), targets])
    plain = gbce_loss(*case, negatives=40, calibration=0.0)
    full = gbce_loss(*case, negatives=40, calibration=1.0)
    expected = (own * (1 - 40 / 299)).mean() / 41
    assert (full - plain).item() == pytest.approx(expected.item(), rel=1e-3)


@pytest.mark.parametrize(("asked", "shown"), [(3, 3), (5, 5), (6, 5), (5000, 5)])
def test_gbce_shows_as_many_films_as_asked_but_no_more_than_there_are_others(asked, shown, monkeypatch):
    sizes = []
    real = torch.randint

    def randint(items, size, **more):
        sizes.append((items, size))
        return real(items, size, **more)

    monkeypatch.setattr(torch, "randint", randint)
    gbce_loss(torch.zeros(2, 4), torch.ones(6, 4), torch.zeros(6), torch.tensor([0, 1]), asked, 0.5)
    assert sizes == [(6, (shown,))]


def test_half_calibration_of_a_small_catalogue_is_as_worked_out_by_hand(monkeypatch):
    """Two of five other films are shown, a share of .4: the power is .4 (.5 (1 - 2.5) + 2.5) = .7."""
    monkeypatch.setattr(torch, "randint", lambda *_, **__: torch.tensor([1, 2]))
    found = gbce_loss(torch.zeros(1, 4), torch.ones(6, 4), torch.zeros(6), torch.tensor([0]), 2, 0.5)
    assert found.item() == pytest.approx((0.7 + 2) * np.log(2) / 3, rel=1e-6)


@pytest.mark.parametrize(
    ("name", "same"),
    [("softmax", softmax_loss), ("sampled_softmax", sampled_softmax_loss), ("gbce", gbce_loss)],
)
def test_the_configuration_names_the_loss(case, name, same):
    config = Bert4RecConfig.model_construct(loss=name, negatives=50, gbce_calibration=0.6)
    popularity = torch.arange(300)
    more = {
        "softmax": (),
        "sampled_softmax": (sampling_probabilities(popularity, 50),),
        "gbce": (50, 0.6),
    }[name]
    loss = make_loss(config, popularity.numpy(), torch.device("cpu"))
    torch.manual_seed(5)
    found = loss(*case).item()
    torch.manual_seed(5)
    assert found == same(*case, *more).item()
