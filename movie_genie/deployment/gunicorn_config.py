"""gunicorn's settings that do not depend on the machine; `server.py` adds address, workers and files.

gunicorn reads this module before it loads the app. The master imports the app's code, so that workers share it;
each worker then makes an app of its own, as the thread that watches releases would not survive the fork.
"""

import gc
import importlib
import os
import sys
from typing import Any

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")  # read when numpy loads: workers are the parallelism, not BLAS
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

APP = "movie_genie.backend.app"

wsgi_app = f"{APP}:create_app()"
worker_class = "gthread"
timeout = 60
graceful_timeout = 20
keepalive = 15
control_socket_disable = True
capture_output = True


def on_starting(server: Any) -> None:  # Any: gunicorn has no types
    """Import what every worker needs, and keep the garbage collector from writing into the shared pages."""
    os.environ["WEB_CONCURRENCY"] = str(server.cfg.workers)  # `/api/ready` tells it
    sys.setswitchinterval(
        0.001
    )  # seconds; a thread that comes back from the database shall not wait Python's 5 ms
    importlib.import_module(APP)
    gc.collect()
    gc.freeze()
