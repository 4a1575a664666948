import pytest
import torch
from torch.nn import functional

from movie_genie.config import Bert4RecConfig
from movie_genie.ranking.attention import TIME_BUCKETS, Gaps, buckets, look_up

MINUTE, DAY = 60, 86_400


def gaps(time_bias: bool = True) -> Gaps:
    torch.manual_seed(1)
    made = Gaps(Bert4RecConfig.model_construct(max_history=8, heads=2, time_bias=time_bias))
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter)
    return made.eval()


def moments() -> tuple[torch.Tensor, torch.Tensor]:
    """Ages of two histories of six films, and what their places ask about: each the next film's."""
    ages = torch.randint(400 * DAY, (2, 6)).sort(1, descending=True).values
    return ages, functional.pad(ages, (0, 1))[:, 1:]


def test_histories_shifted_in_time_get_the_same():
    model, (ages, asked) = gaps(), moments()
    for shift in (1, 3 * MINUTE, 5_000 * DAY):
        assert torch.equal(model(ages + shift, asked + shift), model(ages, asked))
    assert not torch.equal(model(ages + 50 * DAY, asked), model(ages, asked))


def test_the_newest_places_row_is_that_of_all_places():
    model, (ages, asked) = gaps(), moments()
    every = model(ages, asked)
    assert every.shape == (2, 2, 6, 6)
    assert torch.equal(model(ages, asked, newest=True), every[:, :, -1:])


def test_what_a_pair_adds_is_by_its_steps_and_by_its_time():
    model, (ages, asked) = gaps(), moments()
    found = model(ages, asked)
    for row, place, seen in [(0, 5, 0), (1, 3, 3), (1, 2, 4)]:
        bucket = buckets((ages[row, seen] - asked[row, place]).abs())
        by_step = model.by_step[:, model.longest - 1 - (place - seen)]
        torch.testing.assert_close(found[row, :, place, seen], by_step + model.by_time[:, bucket])


def test_without_a_time_bias_only_steps_count():
    model, (ages, asked) = gaps(time_bias=False), moments()
    found = model(ages, asked)
    assert found.shape == (1, 2, 6, 6)
    assert torch.equal(found, model(ages * 0, asked * 0))
    assert torch.equal(found[..., 1:, 1:], found[..., :-1, :-1])


def test_training_starts_from_a_memory_that_fades_with_the_steps():
    made = Gaps(Bert4RecConfig.model_construct(max_history=8, heads=2, time_bias=True))
    newest = made(torch.zeros(1, 6, dtype=torch.int64), torch.zeros(1, 6, dtype=torch.int64), newest=True)
    assert (newest.diff() > 0).all() and (newest[..., -1] == 0).all()


@pytest.mark.parametrize("shape", [(7,), (3, 5, 5), (0,)])
def test_the_gradient_of_the_look_up_is_pytorchs_own(shape):
    torch.manual_seed(2)
    table = torch.randn(3, TIME_BUCKETS, requires_grad=True)
    index, slope = torch.randint(TIME_BUCKETS - 1, shape), torch.randn(shape[0], 3, *shape[1:])
    found, expected = look_up(table, index), table[:, index].transpose(0, 1)
    assert torch.equal(found, expected)
    (own,) = torch.autograd.grad(found, table, slope)
    (pytorchs,) = torch.autograd.grad(expected, table, slope)
    torch.testing.assert_close(own, pytorchs)
    assert own.dtype == table.dtype and not own[:, -1].any()
    with torch.no_grad():
        assert torch.equal(look_up(table, index), expected)


def test_buckets_grow_with_the_gap_by_about_its_double():
    minutes = torch.tensor([0, 1, 2, 3, 6, 7, 14, 15, 30, 31])
    assert buckets(minutes * MINUTE).tolist() == [0, 1, 1, 2, 2, 3, 3, 4, 4, 5]
    found = buckets(torch.arange(0, 3 * DAY, 7))
    assert (found.diff() >= 0).all() and (found.diff() <= 1).all()
    assert (buckets(torch.tensor([1, 30, 58])) == 0).all()


def test_the_last_bucket_is_open():
    years = torch.tensor([5, 20, 60]) * 365 * DAY
    assert buckets(years).tolist() == [TIME_BUCKETS - 1] * 3
    assert buckets(torch.tensor(365 * DAY)) < TIME_BUCKETS - 1
