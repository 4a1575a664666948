"""Movie Genie: a movie recommender whose whole life is a reproducible pipeline.

Rooms, top to bottom; imports go down this list, never up: orchestration, backend, serving,
evaluation, ranking, retrieval, data. `config`, `cli`, `files`, `errors`, `metrics` and `tracking` serve all.
"""
