import numpy as np
import pytest
import torch

from movie_genie.config import TwoTowerConfig
from movie_genie.inference.models import load
from movie_genie.inference.sequence_model import SequenceModel
from movie_genie.retrieval.two_tower import TwoTower
from movie_genie.training.batches import pad
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
    histories = [rng.integers(0, ITEMS, length) for length in (0, 1, 5, 12, 30)]
    with torch.no_grad():
        batch = torch.from_numpy(pad([history[-12:] for history in histories], ITEMS))
        expected = model.scores(batch).numpy()
    np.testing.assert_allclose(exported.scores(histories), expected, atol=1e-4)
    alone = np.concatenate([exported.scores([history]) for history in histories])
    np.testing.assert_allclose(alone, expected, atol=1e-4)


def test_eight_bits_a_number_cost_little(model, exported):
    history = np.arange(9)
    with torch.no_grad():
        expected = model.scores(torch.from_numpy(history[None]))[0].numpy()
    (scores,) = exported.scores([history])
    assert np.abs(scores - expected).max() < 0.04 * expected.std()


@pytest.mark.parametrize("length", [1, 5, 12, 30])
def test_a_films_contribution_is_the_scores_slope_along_it(model, exported, length):
    rng = np.random.default_rng(length)
    history, items = rng.integers(0, ITEMS, length), np.array([3, 17, 30])
    contributions = exported.contributions(history, items)
    films = torch.from_numpy(exported.films.vectors(history[-CONFIG.max_history :]))
    wanted = torch.from_numpy(exported.films.vectors(items))
    present = torch.ones(1, len(films), dtype=torch.bool)

    def scores(part: torch.Tensor) -> torch.Tensor:
        return wanted @ model.query((films * part[:, None])[None], present)[0]

    slopes = torch.autograd.functional.jacobian(scores, torch.ones(len(films))).numpy()
    np.testing.assert_allclose(contributions, slopes, atol=1e-4)


def test_a_later_film_never_changes_an_earlier_user_vector(model):
    batch = torch.randint(ITEMS, (2, 10))
    changed = batch.clone()
    changed[:, 6:] = (changed[:, 6:] + 1) % ITEMS
    vectors = model.item_tower()

    def users(rows: torch.Tensor) -> torch.Tensor:
        films, present = model.lookup(vectors, rows)
        return model.user_tower(model.user_tower.shares(present) @ films[:, None])

    before, after = users(batch), users(changed)
    assert torch.equal(before[:, :6], after[:, :6])
    assert not torch.allclose(before[:, 6:], after[:, 6:])


def test_padding_does_not_change_a_score(model):
    history = torch.randint(ITEMS, (1, 6))
    padded = torch.cat([torch.full((1, 4), ITEMS), history], 1)
    torch.testing.assert_close(model.scores(history), model.scores(padded))


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
    batch = torch.arange(30).repeat(4, 1)
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    losses = []
    for _ in range(40):
        optimizer.zero_grad()
        loss = model.loss(batch, softmax_loss)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2
