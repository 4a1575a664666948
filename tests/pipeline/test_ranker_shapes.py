"""Another shape of the ranker is a change of settings; that the export equals torch is in tests/ranking."""

import re

import pytest
from workspace import Workspace

pytestmark = pytest.mark.e2e

WEIGHTS = "models/bert4rec/weights/leave_one_out/bert4rec"


@pytest.mark.parametrize(
    "changes",
    [{"blocks": 2, "heads": 2, "hidden_dim": 32, "max_history": 7}, {"objective": "cloze"}],
    ids=["larger", "cloze"],
)
def test_a_ranker_of_another_shape_is_trained_measured_and_served_without_a_line_of_code(
    copied: Workspace, changes: dict[str, object]
) -> None:
    before = copied.outputs(WEIGHTS)
    copied.configure("bert4rec", **changes)
    ran = re.findall(r"^Running stage '(\w+)'", copied.repro().stdout, re.MULTILINE)
    assert ran == ["bert4rec_training", "integrated_evaluation", "backend_server"]
    after = copied.outputs(WEIGHTS)
    assert before.keys() == after.keys()
    assert before[f"{WEIGHTS}/network.onnx"] != after[f"{WEIGHTS}/network.onnx"]
    release = (copied.root / "releases/current").readlink().name
    served = copied.outputs(f"releases/{release}/models/bert4rec")
    assert sorted(served.values()) == sorted(after.values())
    assert f"serves release {release}" in copied.pipeline("--status").stdout
