"""A server process must start fast and stay small: what it imports is a promise too."""

import subprocess
import sys

SERVE = """
import sys
from pathlib import Path
from movie_genie.engine.home import home_rows
from movie_genie.releases.live import LiveRelease

live = LiveRelease(Path(sys.argv[1]))
assert live.refresh()
engine = live.engine
history = engine.personas.history(1)
assert home_rows(engine, history)
assert engine.recommend(history, limit=3, diversity=0.3)
assert engine.search("matrix", limit=3, ratings=history)
assert engine.personas.page(1, 5)
assert engine.catalogue.detail(1)["cast"]
heavy = {"scipy.sparse", "torch", "pandas", "duckdb", "ibis", "mlflow", "transformers", "flask"}
print(sorted(heavy & sys.modules.keys()))
"""


def test_serving_never_loads_what_only_training_needs(tiny_releases):
    done = subprocess.run(
        [sys.executable, "-c", SERVE, str(tiny_releases)], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr
