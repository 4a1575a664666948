"""dvc.yaml seen as a graph, that graph as an Airflow DAG, and Airflow started on this machine.

The mirror (dvc_*, stage_*, stale_lock, snapshots, task_events) imports nothing else of the package.
"""
