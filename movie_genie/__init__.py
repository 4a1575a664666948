"""Movie Genie: a movie recommender whose whole life is a reproducible pipeline.

Rooms, top to bottom; imports go down this list, never up: backend, pipeline, deployment, releases, engine, evaluation,
ranking, retrieval, training, inference, data, orchestration. What every room shares: `airflow_api`, `artifacts`, `cli`,
`config`, `config_file`, `errors`, `files`, `history`, `metrics`, `network_export`, `networks`, `polling`,
`private_files`, `recorder`, `revisions`, `tracking`, `weights`.
"""
