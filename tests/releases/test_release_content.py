"""What the release says of films, made from the pipeline's tables."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import tiny

from movie_genie.data import schemas
from movie_genie.engine.catalogue import Catalogue
from movie_genie.engine.recommender import Recommender
from movie_genie.releases.content import VIEWERS_SHARE, assemble

YEARS = 10 * 365 * 24 * 3600
UNRATED = len(tiny.FILMS) - 1

Row = tuple[int, int, float, int]
"""user_id, item_idx, stars, seconds after the newest rating."""


@pytest.fixture
def release_with(tiny_project: Path, tmp_path: Path) -> Callable[..., Path]:
    """A release of the tiny project with more ratings."""

    def make(*rows: Row) -> Path:
        target = tmp_path / f"release-{len(list(tmp_path.iterdir()))}"
        project = Path(shutil.copytree(tiny_project, target.with_name(f"{target.name}-project")))
        path = project / "data/raw/ratings.parquet"
        there = schemas.read_arrow(path, schemas.RATINGS)
        newest = max(there["timestamp"].to_pylist())
        more = [
            {
                "user_id": user,
                "movie_id": tiny.FILMS[item].movie_id,
                "rating": stars,
                "timestamp": newest + later,
            }
            | {"file_order": len(there) + place}
            for place, (user, item, stars, later) in enumerate(rows)
        ]
        table = pa.concat_tables([there, pa.Table.from_pylist(more, schema=schemas.RATINGS)])
        schemas.write_table(path, table, schemas.RATINGS)
        assemble(project, target)
        return target

    return make


def by_viewers(number: int, item: int, stars: float, later: int = YEARS) -> list[Row]:
    return [(tiny.VIEWER + 1 + who, item, stars, later) for who in range(number)]


def test_thirty_accounts_put_no_film_first_that_the_data_sets_users_do_not_like(release_with):
    before = Recommender(release_with())
    (*_, worst) = before.popular(UNRATED)
    item = before.catalogue.item(worst.movie_id)
    after = Recommender(release_with(*by_viewers(30, item, 5), *by_viewers(30, UNRATED, 5)))
    firsts = [film.movie_id for film in after.popular(3)]
    assert firsts == [film.movie_id for film in before.popular(3)]
    assert after.catalogue.popularity[UNRATED] == 0


def test_viewers_make_a_film_more_popular_the_more_they_are_and_within_bounds(release_with):
    plain, few, many = (
        Catalogue.load(release_with(*by_viewers(n, 0, 4))).popularity[0] for n in (0, 50, 5000)
    )
    assert plain > 0
    assert plain * (1 + VIEWERS_SHARE / 2) == pytest.approx(few, rel=0.01)
    assert few < many < plain * (1 + VIEWERS_SHARE)


def test_what_viewers_liked_long_ago_counts_less_than_what_they_like_now(release_with):
    rows = by_viewers(20, 0, 4, later=0), by_viewers(20, 1, 4, later=YEARS)
    plain = Catalogue.load(release_with()).popularity
    long_ago, now = (Catalogue.load(release_with(*rows[0], *rows[1])).popularity / np.maximum(plain, 1e-9))[
        :2
    ]
    assert long_ago == pytest.approx(1, abs=0.01)
    assert now == pytest.approx(1 + VIEWERS_SHARE * 20 / 70)


def test_low_ratings_make_no_film_popular(release_with):
    before = Catalogue.load(release_with()).popularity
    more = [(100 + who, 0, 2.5, 0) for who in range(30)]
    np.testing.assert_array_equal(Catalogue.load(release_with(*more)).popularity, before)
    assert (Catalogue.load(release_with(*by_viewers(30, 0, 2.5))).popularity <= before).all()
    liked = [(user, item, 3.0, later) for user, item, _, later in more]
    assert Catalogue.load(release_with(*liked)).popularity[0] == pytest.approx(before[0] + 30)


def test_count_average_and_hidden_gems_are_the_data_sets_users_alone(release_with):
    before, after = (Recommender(release_with(*rows)) for rows in ((), by_viewers(60, UNRATED, 5)))
    for name in ("ratings_count", "average_rating"):
        np.testing.assert_array_equal(getattr(after.catalogue, name), getattr(before.catalogue, name))
    assert after.catalogue.detail(tiny.FILMS[UNRATED].movie_id)["average_rating"] is None
    assert after.hidden_gems((), 5) == before.hidden_gems((), 5)


def test_one_viewers_rating_years_after_the_data_set_does_not_decide_what_is_popular(release_with):
    before = Catalogue.load(release_with()).popularity
    after = Catalogue.load(release_with((tiny.VIEWER + 1, 5, 5, YEARS))).popularity
    np.testing.assert_allclose(after, before, rtol=0.01)
