import numpy as np
import pytest
import torch

from movie_genie import weights
from movie_genie.config import TwoTowerConfig
from movie_genie.errors import UserError
from movie_genie.retrieval.inference import TwoTower as Inference
from movie_genie.retrieval.neighbours import fading, fit_neighbours, neighbour_parts
from movie_genie.retrieval.two_tower import TwoTower, running_means
from movie_genie.training.batches import pad
from movie_genie.training.item_tower import Features

ITEMS = 40
CONFIG = TwoTowerConfig(
    seed=1, threads=1, max_epochs=1, patience=1, learning_rate=0.01, weight_decay=0, dropout=0.2, max_history=12,
    tokens_per_batch=100, negatives=20, embedding_dim=16, hidden_dim=24, decays=[0.3, 0.9], item_dropout=0.3,
    neighbour_films=35, neighbours_kept=6, neighbour_decay=0.8, neighbour_window=5, neighbour_ridge=2,
    neighbour_weights=[0, 1],
)  # fmt: skip


@pytest.fixture
def model() -> TwoTower:
    torch.manual_seed(3)
    known = torch.ones(ITEMS, 1)
    known[-1] = 0
    content = torch.randn(ITEMS, 384), torch.randint(2, (ITEMS, 5)).float(), torch.randint(4, (ITEMS,))
    rng = np.random.default_rng(2)
    neighbours = fit_neighbours(
        [rng.integers(0, ITEMS, 15) for _ in range(30)],
        ITEMS,
        most_films=35,
        kept=6,
        decay=0.8,
        window=5,
        ridge=2,
    )
    model = TwoTower(Features(*content, known), neighbours, CONFIG)
    model.memory_weight = 3.0
    torch.nn.init.normal_(model.bias)
    return model.eval()


@pytest.fixture
def inference(model, tmp_path) -> Inference:
    tensors = {name: tensor.detach().numpy() for name, tensor in model.export().items()}
    weights.save(tmp_path / "weights", tensors, CONFIG.model_dump())
    return Inference.load(tmp_path / "weights")


@pytest.mark.parametrize("length", [0, 1, 5, 12, 30])
def test_inference_scores_as_the_trained_model_does(model, inference, length):
    history = np.random.default_rng(length).integers(0, ITEMS, length)
    batch = torch.from_numpy(pad([history[-12:]], ITEMS)) if length else torch.full((1, 1), ITEMS)
    expected, scores = model.scores(batch)[0].numpy(), inference.scores(history)
    assert np.abs(scores - expected).max() < 0.04 * expected.std()  # what 8 bits may cost
    assert np.corrcoef(scores, expected)[0, 1] > 0.9999


@pytest.mark.parametrize("length", [1, 5, 12, 30])
def test_what_a_film_carries_is_the_scores_slope_along_it_and_what_follows_it(inference, length):
    rng = np.random.default_rng(length)
    history, items = rng.integers(0, ITEMS, length), np.array([3, 17, 30])
    reading = inference.read(history)[1]
    carried = inference.carried(reading, items)
    recent = history[-CONFIG.max_history :]
    assert carried.shape == (3, len(recent))
    memory = torch.tensor(reading.memory)
    films = torch.tensor(inference.item_vectors[recent])
    w = {name: torch.tensor(tensor) for name, tensor in inference.tower.items()}

    def towers(part: torch.Tensor) -> torch.Tensor:
        x = (memory @ (films * part[:, None])).flatten()
        x = torch.nn.functional.layer_norm(x, x.shape, w["norm.weight"], w["norm.bias"])
        h = torch.nn.functional.gelu(w["hidden.weight"] @ x + w["hidden.bias"], approximate="tanh")
        return torch.tensor(inference.item_vectors[items]) @ (w["out.weight"] @ h + w["out.bias"])

    slopes = torch.autograd.functional.jacobian(towers, torch.ones(len(recent))).numpy()
    left = fading(CONFIG.neighbour_decay, CONFIG.neighbour_window)
    parts = neighbour_parts(recent, items, *inference.neighbours, left)
    np.testing.assert_allclose(carried[:, -parts.shape[1] :], slopes[:, -parts.shape[1] :] + parts, atol=1e-2)
    np.testing.assert_allclose(carried[:, : -parts.shape[1]], slopes[:, : -parts.shape[1]], atol=1e-2)


def test_a_later_film_never_changes_an_earlier_user_vector(model):
    batch = torch.randint(ITEMS, (2, 10))
    changed = batch.clone()
    changed[:, 6:] = (changed[:, 6:] + 1) % ITEMS
    vectors = model.item_tower()
    before, after = model.users(vectors, batch), model.users(vectors, changed)
    assert torch.equal(before[:, :6], after[:, :6])
    assert not torch.allclose(before[:, 6:], after[:, 6:])


def test_padding_does_not_change_a_score(model):
    history = torch.randint(ITEMS, (1, 6))
    padded = torch.cat([torch.full((1, 4), ITEMS), history], 1)
    torch.testing.assert_close(model.scores(history), model.scores(padded))


def test_running_means_are_the_weighted_means_they_claim_to_be():
    films = torch.randn(1, 4, 2)
    means = running_means(films, torch.ones(1, 4, dtype=torch.bool), torch.tensor([0.5]))
    expected = (films[0, 2] + 0.5 * films[0, 1] + 0.25 * films[0, 0]) / 1.75
    torch.testing.assert_close(means[0, 2], expected)


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
        loss = model.loss(batch, torch.ones(ITEMS))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2


def test_another_models_folder_is_refused(tmp_path):
    weights.save(tmp_path / "weights", {"bias": np.zeros(3, np.float32)}, CONFIG.model_dump())
    with pytest.raises(UserError, match="no two-tower model"):
        Inference.load(tmp_path / "weights")


def test_the_memorys_weight_is_the_one_that_validates_best(model):
    seen = []

    def validate() -> dict[str, float]:
        seen.append(model.memory_weight)
        return {"ndcg_at_10": 0.5 if model.memory_weight == 1 else 0.1}

    assert model.settle(validate) == {"ndcg_at_10": 0.5, "memory_weight": 1}
    assert seen == [0, 1] and model.memory_weight == 1
