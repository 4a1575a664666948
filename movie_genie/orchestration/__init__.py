"""dvc.yaml seen as a graph, that graph as an Airflow DAG, and Airflow started on this machine.

The mirror (dvc_*, stage_*, stale_lock, carry_snapshot, task_events) imports of the package only `files`.
"""
