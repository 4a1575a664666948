from itertools import product

import numpy as np
import pytest
import torch

from movie_genie.config import Bert4RecConfig
from movie_genie.inference.models import load
from movie_genie.inference.sequence_model import SequenceModel
from movie_genie.ranking.bert4rec import Bert4Rec
from movie_genie.training.batches import pad
from movie_genie.training.export import export
from movie_genie.training.item_tower import Features
from movie_genie.training.losses import softmax_loss

ITEMS = 40
CONFIG = Bert4RecConfig(
    seed=1, device="cpu", threads=1, max_epochs=1, patience=1, learning_rate=0.01, weight_decay=0, dropout=0.2,
    max_history=12, tokens_per_batch=100, loss="softmax", negatives=20, gbce_calibration=0.5, objective="cloze",
    hidden_dim=16, blocks=2, heads=2, mask_share=0.3, last_item_share=0.25, item_dropout=0.3,
)  # fmt: skip


def features() -> Features:
    genres = torch.randint(2, (ITEMS, 5)).float()
    return Features(torch.randn(ITEMS, 384), genres, torch.randint(4, (ITEMS,)), torch.ones(ITEMS, 1))


def build(**changes: object) -> Bert4Rec:
    torch.manual_seed(3)
    model = Bert4Rec(features(), CONFIG.model_copy(update=changes))
    for parameter in model.parameters():  # away from zero, so that every tensor matters
        torch.nn.init.normal_(parameter, std=0.3)
    return model.eval()


def rounded(model: Bert4Rec, exported: SequenceModel) -> None:
    """Give the model the film vectors in the 8 bits that serving reads, so that only the networks can differ."""
    vectors = torch.from_numpy(exported.films.all_vectors)
    model.item_tower.forward = lambda: vectors  # type: ignore[method-assign]


# A second block, other heads, another width, a longer history, another objective: settings, and no code.
SHAPES = [
    {"objective": "cloze", "blocks": 2, "heads": 2, "hidden_dim": 16, "max_history": 12},
    {"objective": "causal", "blocks": 1, "heads": 4, "hidden_dim": 32, "max_history": 30},
    {"objective": "causal", "blocks": 3, "heads": 1, "hidden_dim": 16, "max_history": 5},
]


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_exported_scores_as_the_trained_model_does(shape, tmp_path):
    model = build(**shape)
    export(model, tmp_path / "model", shape["max_history"], {})
    exported = load(tmp_path / "model")
    rounded(model, exported)
    rng = np.random.default_rng(0)
    histories = [rng.integers(0, ITEMS, length) for length in (0, 1, 2, 5, 12, 40)]
    recent = [history[-shape["max_history"] :] for history in histories]
    with torch.no_grad():
        expected = model.scores(torch.from_numpy(pad(recent, ITEMS))).numpy()
    np.testing.assert_allclose(exported.scores(histories), expected, atol=1e-4)
    alone = np.concatenate([exported.scores([history]) for history in histories])
    np.testing.assert_allclose(alone, expected, atol=1e-4)


@pytest.mark.parametrize(("objective", "blocks"), list(product(["cloze", "causal"], [1, 2])))
def test_the_state_asked_for_is_the_newest_of_all_places(objective, blocks):
    model = build(objective=objective, blocks=blocks)
    films, present = model.lookup(model.item_tower(), torch.randint(ITEMS, (3, 7)))
    hidden = torch.zeros_like(present)
    every = model.encode(films, present, hidden)
    torch.testing.assert_close(model.encode(films, present, hidden, newest=True), every[:, -1:])


def test_causal_states_never_see_a_later_film():
    model = build(objective="causal")
    batch = torch.randint(ITEMS, (2, 10))
    changed = batch.clone()
    changed[:, 6:] = (changed[:, 6:] + 1) % ITEMS
    vectors = model.item_tower()
    states = [model.encode(*model.behind_mask(*model.lookup(vectors, rows))) for rows in (batch, changed)]
    torch.testing.assert_close(states[0][:, :7], states[1][:, :7])
    assert not torch.allclose(states[0][:, 7:], states[1][:, 7:])


def test_a_cloze_state_sees_both_sides_but_not_the_hidden_film():
    model = build(objective="cloze")
    batch, hidden = torch.randint(ITEMS, (1, 8)), torch.zeros(1, 8, dtype=torch.bool)
    hidden[0, 4] = True

    def state(place: int | None) -> torch.Tensor:
        changed = batch.clone()
        if place is not None:
            changed[0, place] = (changed[0, place] + 1) % ITEMS
        return model.encode(*model.lookup(model.item_tower(), changed), hidden)[0, 4]

    same = state(None)
    torch.testing.assert_close(state(4), same)
    assert not torch.allclose(state(2), same) and not torch.allclose(state(6), same)


@pytest.mark.parametrize("objective", ["cloze", "causal"])
def test_padding_does_not_change_a_score(objective):
    model = build(objective=objective)
    history = torch.randint(ITEMS, (1, 6))
    padded = torch.cat([torch.full((1, 4), ITEMS), history], 1)
    torch.testing.assert_close(model.scores(history), model.scores(padded), atol=1e-4, rtol=1e-4)


def test_the_cloze_asks_something_of_every_row_and_nothing_of_padding():
    model = build(objective="cloze")
    present = torch.ones(500, 9, dtype=torch.bool)
    present[:, :4] = False
    hidden = model.choose_hidden(present)
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
        loss = model.loss(batch, softmax_loss)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert sum(losses[-5:]) < sum(losses[:5]) / 2
