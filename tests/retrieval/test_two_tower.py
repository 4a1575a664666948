import numpy as np
import pytest
import torch
from histories import watched

from movie_genie.config import TwoTowerConfig
from movie_genie.inference.models import load
from movie_genie.inference.sequence_model import SequenceModel
from movie_genie.retrieval.two_tower import TwoTower
from movie_genie.training.batches import Batch, pad
from movie_genie.training.export import export
from movie_genie.training.item_tower import Features
from movie_genie.training.losses import softmax_loss

ITEMS = 40
CONFIG = TwoTowerConfig(
    seed=1, device="cpu", threads=1, max_epochs=1, patience=1, learning_rate=0.01, weight_decay=0, dropout=0.2,
    max_history=12, tokens_per_batch=100, loss="softmax", negatives=20, gbce_calibration=0.5, embedding_dim=16,
    hidden_dim=24, decays=[0.3, 0.9], item_dropout=0.3, closed_forms=[],
)  # fmt: skip


def build() -> TwoTower:
    torch.manual_seed(3)
    known = torch.ones(ITEMS, 1)
    known[-1] = 0
    content = torch.randn(ITEMS, 384), torch.randint(2, (ITEMS, 5)).float(), torch.randint(4, (ITEMS,))
    model = TwoTower(Features(*content, known), CONFIG)
    torch.nn.init.normal_(model.bias)
    return model.eval()


@pytest.fixture
def model() -> TwoTower:
    return build()


@pytest.fixture(scope="module")
def exported(tmp_path_factory) -> SequenceModel:
    folder = tmp_path_factory.mktemp("export") / "model"
    export(build(), folder, CONFIG.max_history, {})
    return load(folder)


def test_what_is_exported_scores_as_the_trained_model_does(model, exported):
    vectors = torch.from_numpy(exported.films.all_vectors)
    model.item_tower.forward = lambda: vectors
    rng = np.random.default_rng(0)
    histories = [watched(*rng.integers(0, ITEMS, length)) for length in (0, 1, 5, 12, 30)]
    with torch.no_grad():
        expected = model.scores(pad([history.latest(12) for history in histories], ITEMS)).numpy()
    np.testing.assert_allclose(exported.scores(exported.read(histories)), expected, atol=1e-4)
    alone = np.concatenate([exported.scores(exported.read([history])) for history in histories])
    np.testing.assert_allclose(alone, expected, atol=1e-4)


def test_eight_bits_a_number_cost_little(model, exported):
    history = watched(*range(9))
    with torch.no_grad():
        expected = model.scores(pad([history], ITEMS))[0].numpy()
    (scores,) = exported.scores(exported.read([history]))
    assert np.abs(scores - expected).max() < 0.04 * expected.std()


@pytest.mark.parametrize("length", [1, 5, 12, 30])
def test_a_films_contribution_is_the_scores_slope_along_it(model, exported, length):
    rng = np.random.default_rng(length)
    history, items = rng.integers(0, ITEMS, length), np.array([3, 17, 30])
    contributions = exported.contributions(watched(*history), items)
    films = torch.from_numpy(exported.films.vectors(history[-CONFIG.max_history :]))
    wanted = torch.from_numpy(exported.films.vectors(items))
    present = torch.ones(1, len(films), dtype=torch.bool)

    def scores(part: torch.Tensor) -> torch.Tensor:
        return wanted @ model.query((films * part[:, None])[None], present)[0]

    slopes = torch.autograd.functional.jacobian(scores, torch.ones(len(films))).numpy()
    np.testing.assert_allclose(contributions, slopes, atol=1e-4)


def test_a_later_film_never_changes_an_earlier_user_vector(model):
    batch = pad([watched(*films) for films in torch.randint(ITEMS, (2, 10)).tolist()], ITEMS)
    changed = batch._replace(items=batch.items.clone())
    changed.items[:, 6:] = (changed.items[:, 6:] + 1) % ITEMS
    vectors = model.item_tower()

    def users(rows: Batch) -> torch.Tensor:
        films, present = model.given(vectors, rows).values()
        return model.user_tower(model.user_tower.shares(present) @ films[:, None])

    before, after = users(batch), users(changed)
    assert torch.equal(before[:, :6], after[:, :6])
    assert not torch.allclose(before[:, 6:], after[:, 6:])


def test_padding_does_not_change_a_score(model):
    history, longer = watched(3, 9, 2, 30, 11, 7), watched(*range(10))
    torch.testing.assert_close(
        model.scores(pad([history], ITEMS))[0], model.scores(pad([history, longer], ITEMS))[0]
    )


def test_histories_without_a_liked_film_are_answered_though_none_of_their_batch_has_one(model):
    nothing = model.scores(pad([watched(), watched()], ITEMS))
    torch.testing.assert_close(nothing[0], model.scores(pad([watched(), watched(3)], ITEMS))[0])


def test_a_running_mean_is_the_weighted_mean_it_claims_to_be(model):
    present = torch.ones(1, 4, dtype=torch.bool)
    shares = model.user_tower.shares(present)[0, 2, 1]  # after the third film, at the decay of .9
    torch.testing.assert_close(shares, torch.tensor([0.81, 0.9, 1, 0]) / 2.71)
    newest = model.user_tower.newest_shares(present)
    torch.testing.assert_close(newest, model.user_tower.shares(present)[:, -1])


def test_a_film_nobody_rated_is_placed_by_its_content_alone(model):
    with torch.no_grad():
        before = model.item_tower()[-1].clone()
        model.item_tower.id.weight[-1] += 100
        assert torch.equal(model.item_tower()[-1], before)


def test_learning_brings_the_loss_down(model):
    model.train()
    batch = pad([watched(*range(30))] * 4, ITEMS)
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    losses = []
    for _ in range(40):
        optimizer.zero_grad()
        loss = model.loss(batch, softmax_loss)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2
