"""dvc.yaml seen as a graph, and that graph as an Airflow DAG. Imports nothing else of the package."""
