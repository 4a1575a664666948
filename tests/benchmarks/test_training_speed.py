"""A peer's training beside ours: the same ratings for both, its answer checked, and what is said of both."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from small_split import split_ratings
from tiny import FILMS, make_project

from benchmarks.peers.comparison import SIZE, Turn, compare, figures, same_for_both, write_ratings
from benchmarks.peers.process import Answer, check_installed, parse
from benchmarks.training_speed import main
from movie_genie.config import Bert4RecConfig
from movie_genie.config_file import load_config
from movie_genie.data import schemas
from movie_genie.data.schemas import RELEASED, TRAIN, VALIDATION
from movie_genie.errors import UserError

ROOT = Path(__file__).parents[2]
ANSWER = {"version": "0.19.0", "seconds": 8.0, "ratings": 100, "operations": 4e9, "product_speed": 1e9}


def with_speed(seconds: float, product_speed: float = 1e9) -> Answer:
    return Answer(**ANSWER | {"seconds": seconds, "product_speed": product_speed})


def test_figures_are_medians_and_each_share_is_of_the_same_turn():
    ours = [Turn(2.0, 1e9), Turn(1.0, 2e9), Turn(9.0, 4e9)]
    theirs = [with_speed(8.0), with_speed(20.0, 2e9), with_speed(6.0)]
    found = figures(ours, 1e9, theirs, 100)
    assert found["seconds_per_epoch"] == {"ours": 2.0, "rectools": 8.0}
    assert found["tokens_per_second"] == {"ours": 50, "rectools": 12}
    assert found["gflop_per_epoch"] == {"ours": 1.0, "rectools": 4.0}
    # ours: 1/2, 1/2, 1/36; theirs: 4/8, 4/40, 4/6
    assert found["share_of_matmul_speed"] == {"ours": 0.5, "rectools": 0.5}
    assert found["times_faster_than_rectools"] == 4.0


def test_the_answer_is_the_last_line_of_what_was_said():
    assert parse(f"GPU available: False\n{json.dumps(ANSWER)}\n", Path("python")) == Answer(**ANSWER)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("", "expected a line of JSON last, got ''"),
        ("Epoch 1", "expected a line of JSON last, got 'Epoch 1'"),
        ("[1]", "expected keys and values"),
        (json.dumps(ANSWER | {"seconds": 0}), "seconds: expected greater than 0"),
        (json.dumps(ANSWER | {"seconds": float("nan")}), "seconds: expected a finite number"),
        (json.dumps(ANSWER | {"ratings": "many"}), "ratings: expected .*integer"),
        (
            json.dumps({name: value for name, value in ANSWER.items() if name != "version"}),
            "version: missing",
        ),
    ],
)
def test_a_broken_answer_is_one_line_that_names_the_python(said, message):
    with pytest.raises(UserError, match=f"(?s)^python.*{message}"):
        parse(said, Path("python"))


def test_both_get_the_latest_training_ratings_and_the_films_in_them():
    # The last two of each viewer are held out; the last viewer has one rating left.
    ratings = split_ratings([[0, 5, 2, 7, 3, 2], [5, 7, 2, 9], [1, 2, 3]])
    films = pa.table({"movie_id": [10 * number for number in range(12)]})
    cut, kept = same_for_both(ratings, films, 3)
    assert kept["movie_id"].to_pylist() == [20, 50, 70]
    training = cut[cut[RELEASED] == TRAIN]
    assert training.groupby("user_idx")["item_idx"].apply(list).to_dict() == {0: [1, 0, 2], 1: [1, 2]}
    # Of what is held out only a film that was trained on can be asked for.
    held_out = cut[cut[RELEASED] == VALIDATION]
    assert held_out["item_idx"].tolist() == [0]
    assert list(cut[["user_idx", "position"]].itertuples(index=False, name=None)) == sorted(
        cut[["user_idx", "position"]].itertuples(index=False, name=None)
    )


def test_the_file_holds_the_training_ratings_in_their_order(tmp_path):
    write_ratings(split_ratings([[4, 1, 3, 9, 8]], times=[[10, 20, 20, 30, 40]]), tmp_path / "ratings.csv")
    written = pd.read_csv(tmp_path / "ratings.csv")
    assert written.to_dict("list") == {"user_id": [0] * 3, "item_id": [4, 1, 3], "datetime": [10, 20, 20]}


def fake_python(folder: Path, answers: str) -> Path:
    """A Python where everything is installed, whose peer runs `answers` with what it is `asked`."""
    path = folder / "python"
    path.write_text(
        f"#!{sys.executable}\nimport json, sys\nif '-c' in sys.argv: sys.exit()\n"
        f"asked = json.load(sys.stdin)\n{answers}\n"
    )
    path.chmod(0o755)
    return path


READS_ALL = f"""
with open(asked["ratings"]) as file:
    rows = sum(1 for line in file) - 1
assert asked["hidden_dim"] == 64 and asked["batch_size"] == 128 and asked["objective"] == "cloze"
print(json.dumps({ANSWER!r} | {{"ratings": rows, "seconds": 1000}}))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Processed tables of 25 viewers."""
    root, random = make_project(tmp_path_factory.mktemp("project")), np.random.default_rng(7)
    ratings = split_ratings([random.permutation(len(FILMS))[:12].tolist() for _ in range(25)])
    schemas.write_table(root / "data/processed/interactions.parquet", ratings, schemas.INTERACTIONS)
    return root


def configured() -> Bert4RecConfig:
    config = load_config(ROOT / "configs/bert4rec.yaml", Bert4RecConfig)
    return config.model_copy(update={"threads": 1, "objective": "cloze"})


def test_both_are_trained_on_as_many_ratings_and_compared(project, tmp_path):
    found = compare(project, configured(), fake_python(tmp_path, READS_ALL), turns=2)
    assert found["size"] == {**SIZE, "length": 200, "batch_size": 128}
    assert (found["objective"], found["version"], found["threads"]) == ("cloze", "0.19.0", 1)
    assert found["seconds_per_epoch"]["rectools"] == 1000
    assert 0 < found["seconds_per_epoch"]["ours"] < 100
    assert found["times_faster_than_rectools"] > 10
    assert found["gflop_per_epoch"]["rectools"] == 4.0
    assert np.isfinite(list(found["share_of_matmul_speed"].values())).all()


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        (f"print(json.dumps({ANSWER!r} | {{'ratings': 1}}))", r"RecTools read 1 ratings of the \d+"),
        ("sys.exit('ImportError: no torch')", "exit status 1: ImportError: no torch"),
    ],
)
def test_a_peer_that_reads_other_ratings_or_fails_is_refused(project, tmp_path, answers, message):
    with pytest.raises(UserError, match=message):
        compare(project, configured(), fake_python(tmp_path, answers), turns=1)


def test_a_python_without_the_peer_is_one_line_that_says_how_to_install_it():
    with pytest.raises(UserError, match=r"RecTools is not installed there; install it: .*rectools\[torch\]"):
        check_installed(Path(sys.executable))
    with pytest.raises(UserError, match=r"^/nowhere/python: cannot be run: No such file"):
        check_installed(Path("/nowhere/python"))


@pytest.mark.parametrize(
    "arguments",
    [["--peer", "rectools"], ["--peer-python", sys.executable], ["--objective", "cloze"], ["--epochs", "0"]],
)
def test_half_a_command_is_refused(monkeypatch, arguments):
    monkeypatch.setattr(sys, "argv", ["training_speed", *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.training_speed", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_missing_peer_ends_the_command_and_changes_nothing(tmp_path):
    results = tmp_path / "speed.json"
    results.write_text('{"threads": 1}')
    ran = run("--peer", "rectools", "--peer-python", sys.executable, "--results", str(results))
    assert ran.returncode == 1
    assert ran.stderr.startswith(f"error: {sys.executable}: RecTools is not installed")
    assert len(ran.stderr.splitlines()) == 1
    assert results.read_text() == '{"threads": 1}'


def test_a_comparison_leaves_the_other_figures_as_they_are(project, tmp_path):
    results = tmp_path / "speed.json"
    results.write_text('{"threads": 1, "peer": "an earlier one"}')
    python = fake_python(tmp_path, READS_ALL)
    ran = run(
        *("--project", str(project), "--results", str(results), "--epochs", "1", "--threads", "1"),
        *("--peer", "rectools", "--peer-python", str(python), "--objective", "cloze"),
    )
    assert ran.returncode == 0, ran.stderr
    found = json.loads(results.read_text())
    assert (found["threads"], found["peer"]["name"]) == (1, "rectools")
