#!/bin/sh
# Stop the server that was started from this checkout, and only that one.
cd "$(dirname "$0")/.." && exec .venv/bin/python -m movie_genie.deployment stop
