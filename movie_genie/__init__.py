"""Movie Genie: a movie recommender whose whole life is a reproducible pipeline.

Rooms, top to bottom; imports go down this list, never up: backend, pipeline, deployment, releases, engine, evaluation,
ranking, retrieval, training, data, orchestration. What every room shares: `airflow_api`, `cli`, `compiled`, `config`,
`errors`, `files`, `metrics`, `recorder`, `revisions`, `tracking`, `weights`.
"""
