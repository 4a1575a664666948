"""gunicorn's settings that do not depend on the machine; `server.py` adds address, workers and files.

gunicorn reads this module before it loads the app. Each worker loads the app for itself, after the fork:
the thread that watches releases would not survive.
"""

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")  # read when numpy loads: workers are the parallelism, not BLAS

wsgi_app = "movie_genie.backend.app:create_app()"
worker_class = "gthread"
timeout = 60
graceful_timeout = 20
keepalive = 15
control_socket_disable = True
capture_output = True
