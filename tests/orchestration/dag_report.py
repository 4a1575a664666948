"""Run by Airflow's Python: read DAG files as Airflow does, and print what came of it as JSON.

usage: dag_report.py FILE…
"""

import json
import logging
import sys
import time

import airflow.providers.standard.operators.bash
import airflow.sdk  # noqa: F401  # loaded before the clock starts, as in Airflow's own processes
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization

logging.disable(logging.INFO)


def report(file: str) -> dict[str, object]:
    """What one file's DAG holds, how long reading took, and which modules came with it."""
    before = set(sys.modules)
    began, busy = time.perf_counter(), time.process_time()
    bag = DagBag(dag_folder=file)
    seconds = {"wall": time.perf_counter() - began, "busy": time.process_time() - busy}
    dags = {}
    for dag in bag.dags.values():
        scheduled = DagSerialization.from_dict(DagSerialization.to_dict(dag))  # as the scheduler sees it
        following = scheduled.next_dagrun_info(last_automated_run_info=None)
        dags[dag.dag_id] = {
            "edges": [
                [task.task_id, after] for task in dag.tasks for after in sorted(task.downstream_task_ids)
            ],
            "tasks": {
                task.task_id: {
                    "operator": task.task_type,
                    "command": task.bash_command,
                    "doc": task.doc_md,
                    "queue": task.queue,
                    "pool": task.pool,
                    "retries": task.retries,
                    "timeout": task.execution_timeout.total_seconds() if task.execution_timeout else None,
                    "on_failure": [callback.__name__ for callback in task.on_failure_callback],
                }
                for task in dag.tasks
                if task.task_type == "BashOperator"
            },
            "max_active_runs": dag.max_active_runs,
            "catchup": dag.catchup,
            "next": following.logical_date.isoformat() if following else None,
        }
    modules = sorted(set(sys.modules) - before)
    return {"dags": dags, "errors": bag.import_errors, "seconds": seconds, "modules": modules}


if __name__ == "__main__":
    print(json.dumps({file: report(file) for file in sys.argv[1:]}))
