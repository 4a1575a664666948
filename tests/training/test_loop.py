import os

import joblib.externals.loky.backend.context as loky
import pytest

from movie_genie.training.loop import half_of_the_cores


@pytest.mark.parametrize(
    ("machine", "allowed", "quota", "half"),
    [
        (64, 64, "max 100000", 32),
        (64, 8, "max 100000", 4),  # taskset, or a container's cpuset
        (64, 64, "600000 100000", 3),  # docker run --cpus 6
        (64, 4, "600000 100000", 2),
        (64, 64, "50000 100000", 1),
        (1, 1, "max 100000", 1),
    ],
)
def test_threads_are_half_of_the_cores_that_the_process_may_use(
    machine, allowed, quota, half, monkeypatch, tmp_path
):
    """The quota is that of control groups' second version; loky's own tests know the first."""
    (tmp_path / "cpu.max").write_text(quota + "\n")
    monkeypatch.delenv("LOKY_MAX_CPU_COUNT", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: machine)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(allowed)))
    monkeypatch.setattr(os.path, "exists", lambda path: str(path) == "/sys/fs/cgroup/cpu.max")
    monkeypatch.setattr(loky, "open", lambda _: (tmp_path / "cpu.max").open(), raising=False)
    assert half_of_the_cores() == half
