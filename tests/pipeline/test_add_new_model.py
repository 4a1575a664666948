"""The guide *Adding a new model*, followed to the letter: its blocks are the third model's files."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from histories import watched
from workspace import ROOT, SMALL, Workspace, make_workspace

from movie_genie.artifacts import RECIPE, model_folders
from movie_genie.data.schemas import PROTOCOLS, RELEASED
from movie_genie.inference.two_stage import TwoStage

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

GUIDE = ROOT / "docs/how-to/add-new-model.md"
BLOCK = re.compile(r'^(```+)(\w+) title="([^"]+)"\n(.*?)^\1$', re.MULTILINE | re.DOTALL)
MODEL = "nextitnet"


def follow_guide(root: Path) -> None:
    """Write the guide's files, and make its changes to files that are there."""
    for _, language, name, text in BLOCK.findall(GUIDE.read_text(encoding="utf-8")):
        path = root / name
        if language == "diff":
            changed(path, text)
        else:
            assert not path.exists(), f"{name} is there already"
            path.write_text(text, encoding="utf-8")


def changed(path: Path, diff: str) -> None:
    """Replace the lines that a diff shows, which must stand just once in the file."""
    lines = diff.splitlines(keepends=True)
    before = "".join(line[1:] for line in lines if not line.startswith("+"))
    after = "".join(line[1:] for line in lines if not line.startswith("-"))
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1, f"{path}: {before!r} stands there {text.count(before)} times"
    path.write_text(text.replace(before, after), encoding="utf-8")


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The small pipeline with the guide's model, evaluated."""
    workspace = make_workspace(tmp_path_factory.mktemp("guide") / "workspace", follow_guide)
    sizes = {"max_epochs": 2, "patience": 2, "hidden_dim": 16, "threads": SMALL["bert4rec"]["threads"]}
    workspace.configure(MODEL, **sizes)
    workspace.repro("integrated_evaluation")
    return workspace


def test_the_guides_model_is_trained_as_a_stage_of_its_own(extended: Workspace) -> None:
    metrics = json.loads((extended.root / f"models/{MODEL}/metrics.json").read_text())
    assert metrics.keys() >= {"recall_at_10", "recall_at_50", "ndcg_at_10", "training_time_seconds"}
    assert f"{MODEL}_training" not in extended.status()


def test_the_guides_model_is_measured_beside_all_others_under_both_protocols(extended: Workspace) -> None:
    metrics = json.loads((extended.root / "results/key_metrics.json").read_text())
    for protocol in PROTOCOLS:
        assert 0 < metrics[f"{protocol}_{MODEL}_recall_at_200"] <= 1
        assert f"{protocol}_{MODEL}_weight" in metrics
    assert "Nextitnet" in (extended.root / "results/report.html").read_text()


def test_the_guides_model_is_part_of_what_is_served(extended: Workspace) -> None:
    path = extended.root / "results" / RECIPE
    recipe = json.loads(path.read_text())
    assert [ranker["name"] for ranker in recipe["rankers"]] == ["content_profile", MODEL]
    served = TwoStage.of_recipe(recipe, model_folders(extended.root, RELEASED), path)
    taste, other = watched(*range(0, 20, 2)), watched(*range(1, 21, 2))
    model = served.models[MODEL]
    liked, unliked = model.scores(model.read([taste, other]))
    assert np.isfinite(liked).all()
    assert not np.array_equal(liked, unliked)
    assert len(served.recommend(taste, 10, exclude=taste.items).items) == 10


def test_the_guides_own_tests_pass_and_the_house_is_as_it_should_be(extended: Workspace) -> None:
    names = (
        "ranking/test_nextitnet.py",
        "test_house.py",
        "test_config.py::test_every_shipped_config_loads",
        "test_docs.py",
        "pipeline/test_definition.py",
        "evaluation",
        "retrieval/test_closed_forms.py",
    )
    tests = [f"tests/{name}" for name in names]
    done = extended.run("python", "-m", "pytest", "-p", "no:cacheprovider", "-n", "0", *tests, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    extended.run("ruff", "check", "movie_genie", "scripts", "tests/ranking")
    extended.run("ruff", "format", "--check", "movie_genie", "scripts", "tests/ranking")
