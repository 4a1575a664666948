"""Which files of a folder are read, and which of their columns."""

import re

import pytest

from movie_genie.data.layout import data_files, locate
from movie_genie.errors import UserError


@pytest.mark.parametrize(
    ("names", "read"),
    [
        (["links.csv", "movies.csv", "ratings.csv", "READ.me"], ["ratings.csv", "movies.csv", "links.csv"]),
        (["movies.dat", "ratings.dat", "users.dat"], ["ratings.dat", "movies.dat"]),
        (["mine.parquet"], ["mine.parquet"]),
        (["watched.csv.gz", "notes.txt"], ["watched.csv.gz"]),
        # MovieLens's other tables hold no ratings, nor do the films' own
        (
            ["genome-scores.csv", "genome-tags.csv", "links.csv", "mine.csv", "movies.csv", "tags.csv", "users.dat"],
            ["mine.csv", "movies.csv", "links.csv"],
        ),
        # of a file in several kinds the first in this order
        (
            ["ratings.dat", "ratings.csv.gz", "ratings.csv", "movies.dat", "movies.csv", "links.csv.gz", "links.csv"],
            ["ratings.csv", "movies.csv", "links.csv"],
        ),
        (["ratings.parquet", "ratings.dat", "other.csv"], ["ratings.dat"]),
    ],
)  # fmt: skip
def test_ratings_come_first_then_films_and_links(names, read):
    assert data_files(names, "set") == read


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ([], "found none"),
        (["movies.csv", "tags.csv", "notes.txt"], "found none"),
        (["b.csv", "a.parquet"], "found a.parquet, b.csv"),
    ],
)
def test_without_one_file_of_ratings_the_folder_is_refused(names, found):
    line = f"set: expected one file of ratings (ratings.csv, ratings.csv.gz, ratings.dat, ratings.parquet), {found}"
    with pytest.raises(UserError, match=f"^{re.escape(line)}$"):
        data_files(names, "set")


def test_columns_are_found_by_any_of_their_names_whatever_case_quotes_or_spaces():
    columns = ["Time", ' "USER_ID" ', "itemId", "rating"]
    assert locate(columns, ("user", "movie", "rating", "timestamp"), "r.csv") == {
        "user": 1,
        "movie": 2,
        "rating": 3,
        "timestamp": 0,
    }


def test_of_two_columns_for_one_thing_the_first_name_counts():
    assert locate(["item", "movieId"], ("movie",), "r.csv") == {"movie": 1}


def test_only_the_order_may_be_absent():
    assert locate(["userId"], ("user", "order"), "r.csv") == {"user": 0}
    assert locate(["time_rank", "userId"], ("user", "order"), "r.csv") == {"user": 1, "order": 0}


def test_a_missing_column_is_named_with_what_there_is_cut_short():
    columns = [f"{'c' * 50}", *(f" c{place}" for place in range(20))]
    found = ", ".join(["c" * 40, *(f"c{place}" for place in range(11))])
    line = f"l.csv: column imdbId is missing (expected imdbId or imdb_id; found {found})"
    with pytest.raises(UserError, match=f"^{re.escape(line)}$"):
        locate(columns, ("imdb",), "l.csv")


@pytest.mark.parametrize("columns", [[], [""], [" ", ""]])
def test_a_file_without_column_names_is_empty(columns):
    with pytest.raises(UserError, match=r"^r\.csv: the file is empty; expected a line of column names$"):
        locate(columns, ("user",), "r.csv")
