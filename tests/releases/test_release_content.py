"""What the release says of films, made from the pipeline's tables."""

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import tiny

from movie_genie.data import schemas
from movie_genie.engine.catalogue import Catalogue
from movie_genie.releases.content import assemble

YEARS = 10 * 365 * 24 * 3600


def test_one_viewers_rating_years_after_the_data_set_does_not_decide_what_is_popular(tiny_project, tmp_path):
    project = Path(shutil.copytree(tiny_project, tmp_path / "project"))
    assemble(project, tmp_path / "before")
    path = project / "data/raw/ratings.parquet"
    ratings = schemas.read_arrow(path, schemas.RATINGS)
    late = {
        "user_id": [tiny.VIEWER],
        "movie_id": [tiny.FILMS[-1].movie_id],  # which nobody else rated
        "rating": pa.array([5.0], pa.float32()),
        "timestamp": [max(ratings["timestamp"].to_pylist()) + YEARS],
        "file_order": [len(ratings)],
    }
    table = pa.concat_tables([ratings, pa.table(late, schema=schemas.RATINGS)])
    schemas.write_table(path, table, schemas.RATINGS)
    assemble(project, tmp_path / "after")
    before, after = (Catalogue.load(tmp_path / name).popularity for name in ("before", "after"))
    np.testing.assert_array_equal(after[:-1], before[:-1])
    assert after[-1] == 1
