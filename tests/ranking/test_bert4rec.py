import numpy as np
import pytest
import torch

from movie_genie import weights
from movie_genie.config import Bert4RecConfig
from movie_genie.errors import UserError
from movie_genie.ranking.bert4rec import Bert4Rec
from movie_genie.ranking.inference import Bert4Rec as Inference
from movie_genie.training.batches import pad
from movie_genie.training.item_tower import Features

ITEMS = 40
CONFIG = Bert4RecConfig(
    seed=1, threads=1, max_epochs=1, patience=1, learning_rate=0.01, weight_decay=0, dropout=0.2, max_history=12,
    tokens_per_batch=100, negatives=20, objective="cloze", hidden_dim=16, blocks=2, heads=2, mask_share=0.3,
    last_item_share=0.25,
    item_dropout=0.3,
)  # fmt: skip


def features() -> Features:
    genres = torch.randint(2, (ITEMS, 5)).float()
    return Features(torch.randn(ITEMS, 384), genres, torch.randint(4, (ITEMS,)), torch.ones(ITEMS, 1))


def build(objective: str) -> Bert4Rec:
    torch.manual_seed(3)
    model = Bert4Rec(features(), CONFIG.model_copy(update={"objective": objective}))
    for parameter in model.parameters():  # away from zero, so that every tensor matters
        torch.nn.init.normal_(parameter, std=0.3)
    return model.eval()


@pytest.mark.parametrize("objective", ["cloze", "causal"])
@pytest.mark.parametrize("length", [0, 1, 5, 12, 30])
def test_inference_scores_as_the_trained_model_does(objective, length, tmp_path):
    model = build(objective)
    tensors = {name: tensor.detach().numpy() for name, tensor in model.export().items()}
    weights.save(tmp_path / "weights", tensors, CONFIG.model_dump() | {"objective": objective})
    inference = Inference.load(tmp_path / "weights")
    history = np.random.default_rng(length).integers(0, ITEMS, length)
    expected = model.scores(torch.from_numpy(pad([history[-12:]], ITEMS)))[0].numpy()
    scores = inference.scores(history)
    assert np.abs(scores - expected).max() < 0.04 * expected.std()  # what 8 bits may cost
    assert np.corrcoef(scores, expected)[0, 1] > 0.9999
    some = np.array([7, 3, 31])
    np.testing.assert_allclose(inference.scores(history, some), scores[some], rtol=1e-6)


def test_causal_states_never_see_a_later_film():
    model = build("causal")
    batch = torch.randint(ITEMS, (2, 10))
    changed = batch.clone()
    changed[:, 6:] = (changed[:, 6:] + 1) % ITEMS
    states = [model.encode(model.item_tower(), *model.behind_mask(rows)) for rows in (batch, changed)]
    torch.testing.assert_close(states[0][:, :7], states[1][:, :7])
    assert not torch.allclose(states[0][:, 7:], states[1][:, 7:])


def test_a_cloze_state_sees_both_sides_but_not_the_hidden_film():
    model = build("cloze")
    batch, hidden = torch.randint(ITEMS, (1, 8)), torch.zeros(1, 8, dtype=torch.bool)
    hidden[0, 4] = True

    def state(place: int) -> torch.Tensor:
        changed = batch.clone()
        changed[0, place] = (changed[0, place] + 1) % ITEMS
        return model.encode(model.item_tower(), changed, hidden)[0, 4]

    same = model.encode(model.item_tower(), batch, hidden)[0, 4]
    torch.testing.assert_close(state(4), same)
    assert not torch.allclose(state(2), same) and not torch.allclose(state(6), same)


@pytest.mark.parametrize("objective", ["cloze", "causal"])
def test_padding_does_not_change_a_score(objective):
    model = build(objective)
    history = torch.randint(ITEMS, (1, 6))
    padded = torch.cat([torch.full((1, 4), ITEMS), history], 1)
    torch.testing.assert_close(model.scores(history), model.scores(padded), atol=1e-4, rtol=1e-4)


def test_the_cloze_asks_something_of_every_row_and_nothing_of_padding():
    model = build("cloze")
    batch = torch.randint(ITEMS, (500, 9))
    batch[:, :4] = ITEMS
    hidden = model.choose_hidden(batch)
    assert hidden.any(1).all() and not hidden[:, :4].any()
    only_last = hidden[:, -1] & (hidden.sum(1) == 1)
    assert 0.25 < only_last.float().mean() < 0.5
    assert 0.2 < hidden[~only_last][:, 4:].float().mean() < 0.5


@pytest.mark.parametrize("objective", ["cloze", "causal"])
def test_learning_brings_the_loss_down(objective):
    torch.manual_seed(3)
    model = Bert4Rec(features(), CONFIG.model_copy(update={"objective": objective})).train()
    batch = torch.arange(12).repeat(8, 1) + torch.arange(8)[:, None]
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = model.loss(batch, torch.ones(ITEMS))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert sum(losses[-5:]) < sum(losses[:5]) / 2


def test_another_models_folder_is_refused(tmp_path):
    weights.save(tmp_path / "weights", {"bias": np.zeros(3, np.float32)}, CONFIG.model_dump())
    with pytest.raises(UserError, match="no BERT4Rec model"):
        Inference.load(tmp_path / "weights")
