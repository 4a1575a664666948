"""The loss in parts is the loss, and its gradients are the gradients."""

from itertools import product

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from movie_genie.training import softmax
from movie_genie.training.losses import softmax_loss


def plain(states, vectors, bias, targets):
    return F.cross_entropy(states @ vectors.T + bias, targets)


def case(events, items, dim, seed=0, spread=1.0, dtype=torch.float64):
    random = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return (torch.randn(*shape, generator=random, dtype=dtype) * spread).requires_grad_()

    targets = torch.randint(items, (events,), generator=random)
    return normal(events, dim), normal(items, dim), normal(items), targets


def in_parts(rows, items):
    """Let each part have so many events."""
    return {"cpu": rows * items}


@settings(deadline=None)
@given(
    events=st.integers(1, 20),
    items=st.integers(1, 15),
    dim=st.integers(1, 6),
    rows=st.integers(1, 25),
    spread=st.sampled_from([0.01, 1.0, 10.0]),
    upstream=st.floats(-5, 5),
    seed=st.integers(0, 99),
)
def test_loss_and_gradients_are_those_of_the_cross_entropy(events, items, dim, rows, spread, upstream, seed):
    given_ = case(events, items, dim, seed, spread)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(softmax, "SCORES_AT_ONCE", in_parts(rows, items))
        found = softmax_loss(*given_)
    expected = plain(*given_)
    torch.testing.assert_close(found, expected)
    for own, other in zip(
        torch.autograd.grad(upstream * found, given_[:3]),
        torch.autograd.grad(upstream * expected, given_[:3]),
        strict=True,
    ):
        torch.testing.assert_close(own, other, rtol=1e-9, atol=1e-12)


def test_gradients_are_those_of_small_differences(monkeypatch):
    monkeypatch.setattr(softmax, "SCORES_AT_ONCE", in_parts(3, 5))
    assert torch.autograd.gradcheck(softmax_loss, case(7, 5, 3))


@pytest.mark.parametrize("asked", list(product([False, True], repeat=3))[1:])
def test_only_what_is_asked_for_gets_a_gradient(asked):
    *inputs, targets = case(6, 5, 4)
    for given_, wanted in zip(inputs, asked, strict=True):
        given_.requires_grad_(wanted)
    softmax_loss(*inputs, targets).backward()
    found = [given_.grad for given_ in inputs]
    for given_ in inputs:
        given_.grad = None
    plain(*inputs, targets).backward()
    for own, given_ in zip(found, inputs, strict=True):
        assert (own is None) == (given_.grad is None)
        if own is not None:
            torch.testing.assert_close(own, given_.grad)


def test_without_gradients_the_loss_is_the_same():
    given_ = case(6, 5, 4)
    with torch.no_grad():
        assert softmax_loss(*given_).item() == pytest.approx(plain(*given_).item())
    detached = [part.detach() for part in given_]
    assert not softmax_loss(*detached).requires_grad


def test_a_target_that_is_all_but_impossible_has_a_finite_loss():
    states, vectors = torch.tensor([[200.0]], requires_grad=True), torch.tensor([[1.0], [-1.0]])
    loss = softmax_loss(states, vectors, torch.zeros(2), torch.tensor([1]))
    loss.backward()
    assert loss.item() == 400 and states.grad.item() == 2


def test_float32_is_close_and_repeats_bit_by_bit(monkeypatch):
    monkeypatch.setattr(softmax, "SCORES_AT_ONCE", in_parts(64, 500))
    given_ = case(300, 500, 16, spread=0.5, dtype=torch.float32)
    found = [(loss := softmax_loss(*given_), *torch.autograd.grad(loss, given_[:3])) for _ in range(2)]
    assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))
    expected = plain(*given_)
    for own, other in zip(found[0], (expected, *torch.autograd.grad(expected, given_[:3])), strict=True):
        torch.testing.assert_close(own, other, rtol=1e-4, atol=1e-6)


def test_backward_may_be_asked_twice():
    given_ = case(6, 5, 4)
    loss = softmax_loss(*given_)
    first = torch.autograd.grad(loss, given_[:3], retain_graph=True)
    again = torch.autograd.grad(loss, given_[:3])
    assert all(torch.equal(one, other) for one, other in zip(first, again, strict=True))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_number_that_is_none_is_never_hidden(bad):
    states, *others = case(4, 5, 3)
    with torch.no_grad():
        states[2, 1] = bad
    assert not torch.isfinite(softmax_loss(states, *others))
