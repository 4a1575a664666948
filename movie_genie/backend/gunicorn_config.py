"""gunicorn's settings that do not depend on the machine; the command line adds address, workers and files.

gunicorn reads this module before it loads the app. The master imports the app's code, so that workers share it;
each worker then makes an app of its own, as the thread that watches releases would not survive the fork.
"""

import gc
import os
import sys
from typing import Any

wsgi_app = "movie_genie.backend.app:create_app()"
worker_class = "gthread"
timeout = 60
graceful_timeout = 20
keepalive = 15
control_socket_disable = True
capture_output = True

SWITCH_SECONDS = 0.001
"""A thread that comes back from the database shall not wait the 5 ms of Python's default."""


def on_starting(server: Any) -> None:  # Any: gunicorn has no types
    """Import what every worker needs, and keep the garbage collector from writing into the shared pages."""
    # Read when numpy loads: workers work side by side, so each needs one thread only.
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    # `/api/ready` tells it.
    os.environ["WEB_CONCURRENCY"] = str(server.cfg.workers)
    sys.setswitchinterval(SWITCH_SECONDS)
    import movie_genie.backend.app  # noqa: F401

    gc.collect()
    gc.freeze()
