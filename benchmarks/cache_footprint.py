"""What memory that a request reads costs the rest of it: `python -m benchmarks.cache_footprint`.

An empty request is timed in this process, after so many kilobytes were touched, as a model's weights are.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import numpy as np

from movie_genie.files import write_json

RESULTS = Path("benchmarks/results/cache_footprint.json")
KILOBYTES = (0, 300, 600, 1200, 2400)
REQUESTS = 600


def main() -> None:
    """Measure, print medians in microseconds."""
    with tempfile.TemporaryDirectory() as run_folder:
        os.environ |= {"MOVIE_GENIE_RUN": run_folder, "RATELIMIT": "1000000000 per minute"}
        from movie_genie.backend.app import create_app

        app = create_app()
        environment = app.test_request_context("/api/health").request.environ
        # The log has a line for each request.
        with Path(os.devnull).open("w") as nowhere, redirect_stderr(nowhere):
            measured = {size: _median(app.wsgi_app, environment, size) for size in KILOBYTES}
    for size, microseconds in measured.items():
        print(f"{size:5} KB touched before: {microseconds:6.1f} us an empty request")
    rounded = {str(size): round(microseconds, 1) for size, microseconds in measured.items()}
    write_json(RESULTS, {"microseconds_by_kilobytes_touched_before": rounded})


def _median(app: Callable[..., Any], environment: dict[str, Any], kilobytes: int) -> float:
    touched = np.random.default_rng(1).random(kilobytes * 256 + 1, np.float32)
    seconds = []
    for _ in range(REQUESTS):
        touched.sum()
        begun = time.perf_counter()
        answer = app(dict(environment), lambda *_: None)
        b"".join(answer)
        answer.close()
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds) * 1e6


if __name__ == "__main__":
    main()
