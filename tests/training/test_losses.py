import pytest
import torch
import torch.nn.functional as F

from movie_genie.training.losses import sampled_softmax_loss, sampling_probabilities


@pytest.fixture
def case():
    torch.manual_seed(1)
    return torch.randn(50, 8), torch.randn(300, 8), torch.randn(300) * 0.1, torch.randint(300, (50,))


def test_with_every_item_drawn_the_loss_is_the_exact_cross_entropy(case):
    users, vectors, bias, targets = case
    exact = F.cross_entropy(users @ vectors.T + bias, targets)
    assert sampled_softmax_loss(users, vectors, bias, targets, torch.ones(300)) == pytest.approx(
        exact.item(), rel=1e-5
    )


def test_the_estimated_normaliser_is_unbiased(case):
    users, vectors, bias, targets = case
    sampling = sampling_probabilities(torch.arange(300), 100)
    logits = users @ vectors.T + bias
    own = logits.gather(1, targets[:, None])[:, 0]
    estimates = []
    for _ in range(4000):
        drawn = torch.rand(300) < sampling
        weight = drawn / sampling
        weight = weight.repeat(50, 1).scatter(1, targets[:, None], 1.0)
        estimates.append((weight * (logits - own[:, None]).exp()).sum(1))
    exact = (logits - own[:, None]).exp().sum(1)
    ratio = torch.stack(estimates).mean(0) / exact
    assert ratio.mean().item() == pytest.approx(1, abs=0.02)


def test_a_larger_sample_comes_closer_to_the_exact_loss(case):
    users, vectors, bias, targets = case
    exact = F.cross_entropy(users @ vectors.T + bias, targets).item()

    def distance(expected: int) -> float:
        sampling = sampling_probabilities(torch.ones(300), expected)
        losses = [sampled_softmax_loss(users, vectors, bias, targets, sampling).item() for _ in range(200)]
        return sum(abs(loss - exact) for loss in losses) / len(losses)

    assert distance(200) < distance(20)


@pytest.mark.parametrize("expected", [1, 30, 299, 300, 5000])
def test_sampling_probabilities_add_up_to_the_expected_number(expected):
    chances = sampling_probabilities(torch.arange(300) ** 2, expected)
    assert chances.sum().item() == pytest.approx(min(expected, 300), rel=1e-3)
    assert (chances > 0).all() and (chances <= 1).all()
    assert (chances.diff() >= 0).all()  # a more popular film is drawn at least as often
