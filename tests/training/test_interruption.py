"""A training that was interrupted ends as if it had not been."""

import json
import logging

import numpy as np
import pytest
import torch
from small_data import bert4rec, small_project, two_tower

from movie_genie.errors import UserError
from movie_genie.ranking.train import train as train_bert4rec
from movie_genie.retrieval.train import train as train_two_tower
from movie_genie.tracking import Run
from movie_genie.training import checkpoint, loop, run

TRAININGS = {
    "two_tower": (train_two_tower, two_tower()),
    "bert4rec": (train_bert4rec, bert4rec()),
    "cloze": (train_bert4rec, bert4rec(objective="cloze", loss="softmax", blocks=2)),
}
EPOCHS = 4


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where no configuration says that trainings are tracked
    return small_project(tmp_path)


@pytest.fixture
def without_export(monkeypatch):
    """An export takes seconds, and many tests are about what comes before it."""
    monkeypatch.setattr(run, "export", lambda *given: None)


class StoppedError(Exception):
    """What a training does not expect: a power cut, Ctrl-C, a limit of time."""


def interrupt_after(epochs, monkeypatch):
    """Raise in `on_epoch` once so many epochs were told, both protocols' counted."""
    told = []

    def log(self, metrics, step):
        told.append(step)
        if len(told) == epochs:
            raise StoppedError

    monkeypatch.setattr(Run, "log", log)
    return told


def written(root):
    """Every file of models/, without seconds."""
    files = {
        path.relative_to(root): path.read_bytes() for path in (root / "models").rglob("*") if path.is_file()
    }
    for path in [path for path in files if path.name == "metrics.json"]:
        metrics = json.loads(files.pop(path))
        files[path] = {name: value for name, value in metrics.items() if "seconds" not in name}
    return files


def kept(root):
    return sorted(path.name for path in (root / checkpoint.FOLDER).rglob("*.safetensors"))


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    made = {}
    with pytest.MonkeyPatch.context() as patch:
        for name, (train, config) in TRAININGS.items():
            root = small_project(tmp_path_factory.mktemp(name))
            patch.chdir(root)
            train(config, root)
            made[name] = written(root)
    return made


@pytest.mark.parametrize("name", TRAININGS)
@pytest.mark.parametrize("after", [2, EPOCHS, EPOCHS + 1])
def test_an_interrupted_training_ends_with_the_same_bytes(
    name, after, project, uninterrupted, monkeypatch, caplog
):
    train, config = TRAININGS[name]
    with monkeypatch.context() as patch, pytest.raises(StoppedError):
        interrupt_after(after, patch)
        train(config, project)
    trained, real = [], loop._train_epoch
    monkeypatch.setattr(loop, "_train_epoch", lambda *given: trained.append(1) or real(*given))
    told = interrupt_after(None, monkeypatch)
    caplog.set_level(logging.INFO)
    train(config, project)
    assert written(project) == uninterrupted[name]
    assert told == [1, 2, 3, 4] * 2  # the curve is told from its beginning
    first = "(leave_one_out): goes on after epoch {} of an interrupted training"
    assert first.format(min(after, EPOCHS)) in caplog.text
    assert len(trained) == 2 * EPOCHS - after  # a finished protocol is not trained again
    assert kept(project) == []


@pytest.mark.usefixtures("without_export")
def test_the_checkpoints_of_all_protocols_stay_until_the_stage_is_done(project, monkeypatch):
    train, config = TRAININGS["two_tower"]
    with monkeypatch.context() as patch, pytest.raises(StoppedError):
        interrupt_after(EPOCHS + 1, patch)
        train(config, project)
    assert kept(project) == ["leave_one_out.safetensors", "temporal.safetensors"]


@pytest.mark.usefixtures("without_export")
@pytest.mark.parametrize("change", ["settings", "data", "code", "processor", "threads", "damage"])
def test_only_a_checkpoint_of_the_very_same_training_is_used(change, project, monkeypatch, caplog):
    train, config = TRAININGS["two_tower"]
    with monkeypatch.context() as patch, pytest.raises(StoppedError):
        interrupt_after(2, patch)
        train(config, project)
    if change == "settings":
        config = config.model_copy(update={"weight_decay": 0.5})
    elif change == "data":
        small_project(project, text=1.001)
    elif change == "code":
        monkeypatch.setattr(checkpoint, "digest", lambda path: "another")
    elif change == "processor":
        monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "another")
    elif change == "threads":
        monkeypatch.setattr(torch, "get_num_threads", lambda: 99)
    else:
        path = project / checkpoint.FOLDER / "two_tower/leave_one_out.safetensors"
        path.write_bytes(path.read_bytes()[:5000])
    caplog.set_level(logging.INFO)
    train(config, project)
    assert "goes on" not in caplog.text
    assert ("not readable" in caplog.text) == (change == "damage")


@pytest.mark.usefixtures("without_export")
def test_a_training_that_stopped_early_does_not_go_on(project, monkeypatch):
    """Patience was over: the interruption came between the last epoch and the end."""
    config = two_tower(patience=1, learning_rate=1e-12)
    with monkeypatch.context() as patch, pytest.raises(StoppedError):
        interrupt_after(2, patch)
        train_two_tower(config, project)
    told = interrupt_after(None, monkeypatch)
    train_two_tower(config, project)
    assert told == [1, 2, 1, 2]


@pytest.mark.usefixtures("without_export")
def test_a_loss_that_is_no_number_stops_at_once_and_leaves_what_is_good(project, monkeypatch, caplog):
    """A step that is far too large, in the second epoch."""
    real, steps = loop.learning_rate, []

    def huge(config, steps_per_epoch):
        rate = real(config, steps_per_epoch)
        return lambda step: rate(step) if step < steps_per_epoch + 3 else 1e30

    count = torch.optim.AdamW.step
    with monkeypatch.context() as patch:
        patch.setattr(loop, "learning_rate", huge)
        patch.setattr(torch.optim.AdamW, "step", lambda self: steps.append(1) or count(self))
        with pytest.raises(UserError) as error:
            train_bert4rec(bert4rec(), project)
    message = str(error.value)
    assert message.startswith(
        f"bert4rec_training (leave_one_out): epoch 2, after {len(steps)} steps in all: the "
    )
    assert (
        message.endswith("; set a lower learning_rate in the stage's file of configs/")
        and "\n" not in message
    )
    assert not (project / "models").exists()
    caplog.set_level(logging.INFO)
    train_bert4rec(bert4rec(), project)
    assert "goes on after epoch 1 of an interrupted training" in caplog.text


def test_input_that_is_no_number_is_told_from_a_learning_rate_that_is_too_large(project):
    small_project(project, text=float("nan"))
    with pytest.raises(UserError) as error:
        train_two_tower(two_tower(), project)
    assert str(error.value) == (
        "two_tower_training (leave_one_out): epoch 1, after 0 steps in all: the loss became nan; "
        "as nothing was learned yet, look in data/processed for values that are no finite numbers"
    )
    assert not (project / "models").exists() and kept(project) == []


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_validation_score_that_is_no_number_stops_too(bad, project, monkeypatch):
    real = run.validation_metrics

    def broken(cases, scores):
        def spoilt(histories):
            table = scores(histories)
            table[0, 0] = bad
            return table

        return real(cases, spoilt)

    monkeypatch.setattr(run, "validation_metrics", broken)
    with pytest.raises(
        UserError, match=r"epoch 1, after \d+ steps in all: a validation score is no finite number; set"
    ):
        train_two_tower(two_tower(), project)
    assert kept(project) == []


@pytest.mark.usefixtures("without_export")
def test_each_epoch_says_how_long_is_left_at_most(project, caplog):
    caplog.set_level(logging.INFO)
    train_two_tower(two_tower(max_epochs=2), project)
    epochs = [line for line in caplog.messages if ": epoch " in line]
    assert [line.endswith(" left") for line in epochs] == [True, False] * 2
    assert ", at most 1 s left" in epochs[0]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (90, "2 min"), (5000, "84 min"), (9000, "2.5 h")],
)
def test_time_left_is_rounded_up_in_the_unit_that_reads_best(seconds, words):
    assert loop.time_left(seconds) == f"at most {words} left"
