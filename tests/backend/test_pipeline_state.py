"""The admin's view of the stages, asked of a real DVC."""

import subprocess
import sys
from pathlib import Path

import pytest

from movie_genie.backend.pipeline import StageState, stage_states
from movie_genie.errors import UserError

STAGES = "stages:\n  a: {cmd: cp in a, deps: [in], outs: [a]}\n  b: {cmd: cp a b, deps: [a], outs: [b]}\n"


def test_each_stages_state_is_told_in_words(tmp_path: Path):
    dvc = [sys.executable, "-m", "dvc"]
    subprocess.run([*dvc, "init", "-q", "--no-scm"], cwd=tmp_path, check=True)
    (tmp_path / "dvc.yaml").write_text(STAGES)
    (tmp_path / "in").write_text("1")
    subprocess.run([*dvc, "repro", "-q"], cwd=tmp_path, check=True)
    assert stage_states(tmp_path) == [StageState("a", "up to date"), StageState("b", "up to date")]
    (tmp_path / "in").write_text("2")
    assert stage_states(tmp_path) == [
        StageState("a", "to be run: in modified"),
        StageState("b", "to be checked after a"),
    ]


@pytest.mark.parametrize(
    ("dvc_yaml", "message"),
    [(None, "apart from the pipeline"), (STAGES, "dvc status: "), ("stages: 3", "expected stages by name")],
)
def test_why_they_are_not_known_is_one_line(tmp_path: Path, dvc_yaml: str | None, message: str):
    if dvc_yaml:
        (tmp_path / "dvc.yaml").write_text(dvc_yaml)
    with pytest.raises(UserError, match=message) as error:
        stage_states(tmp_path)
    assert "\n" not in str(error.value)
