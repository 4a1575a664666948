"""Exit status 0 if Airflow's API answers and says that a part is well: `healthy.py PART`."""

import json
import os
import sys
import urllib.request

url = os.environ["AIRFLOW_URL"] + "/api/v2/monitor/health"
try:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310  # ours
        status = json.load(answer)[sys.argv[1]]["status"]
except (OSError, ValueError) as error:
    sys.exit(f"{url}: {error}")
sys.exit(None if status == "healthy" else f"{sys.argv[1]} is {status}")
