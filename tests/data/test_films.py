from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_genie.data.films import PLAUSIBLE_YEARS, read_films, split_genres, split_title
from movie_genie.errors import UserError

words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.strip)


@given(
    title=words, year=st.sampled_from(PLAUSIBLE_YEARS), end=st.sampled_from(["", "–", "- ", "–2007", "-1999"])
)
def test_a_year_in_brackets_at_the_end_is_parted_from_any_title(title: str, year: int, end: str) -> None:
    assert split_title(f"{title} ({year}{end})  ") == (title.strip(), year)


@given(words)
def test_nothing_of_a_title_is_lost_without_a_year(text: str) -> None:
    title, year = split_title(text)
    assert title
    if year is None:
        assert title == text.strip()
    else:
        assert text.strip().startswith(title)
        assert str(year) in text[len(title) :]


@pytest.mark.parametrize(
    "text", ["2001", "(1995)", "Se7en (123)", "Blade Runner (2049 cut)", "Future (2999)"]
)
def test_other_numbers_are_part_of_the_title(text: str) -> None:
    assert split_title(text) == (text, None)


def test_only_the_last_brackets_are_the_year() -> None:
    assert split_title("Metisse (Café au Lait) (1993)") == ("Metisse (Café au Lait)", 1993)
    assert split_title("1984 (1956) (1984)") == ("1984 (1956)", 1984)


@given(st.lists(st.text(st.characters(exclude_characters="|", exclude_categories=["Cs"])).map(str.strip)))
def test_genres_come_once_each_in_their_order(names: list[str]) -> None:
    genres = split_genres("|".join(names))
    assert genres == list(dict.fromkeys(name for name in names if name and name != "(no genres listed)"))


def test_no_genres_listed_means_none() -> None:
    assert split_genres("(no genres listed)") == []


def test_films_of_a_csv_folder_have_ids_of_imdb_and_tmdb(data_set) -> None:
    films = read_films(data_set.folder / "movies.csv", data_set.folder / "links.csv")
    assert films.rejected.num_rows == 0
    first, second, third, fourth = films.table.to_pylist()
    assert first == {
        "movie_id": 1,
        "title": "Toy Story",
        "year": 1995,
        "genres": ["Adventure", "Animation", "Children"],
        "imdb_id": "tt0114709",
        "tmdb_id": 862,
    }
    assert (second["title"], second["tmdb_id"]) == ("American President, The", None)
    assert (third["title"], third["year"], third["genres"]) == ("Paterson", None, [])
    assert (fourth["year"], fourth["imdb_id"]) == (2006, None)


def test_a_dat_file_is_read_as_latin_1(tmp_path: Path) -> None:
    path = tmp_path / "movies.dat"
    path.write_bytes(b"73::Mis\xe9rables, Les (1995)::Drama|Musical\n1::Toy Story (1995)::Children's\n")
    assert read_films(path, None).table.select(["movie_id", "title"]).to_pylist() == [
        {"movie_id": 1, "title": "Toy Story"},
        {"movie_id": 73, "title": "Misérables, Les"},
    ]


def test_an_open_quote_costs_one_film_only(data_set) -> None:
    data_set.write("movies.csv", 'movieId,title,genres\n1,"Toy Story (1995),Comedy\n2,Heat (1995),Crime\n')
    films = read_films(data_set.folder / "movies.csv", None)
    assert films.table["movie_id"].to_pylist() == [2]
    assert films.rejected.to_pylist() == [
        {"source": "movies.csv", "row": 2, "reason": "unparsable", "text": '1,"Toy Story (1995),Comedy'}
    ]


def test_bad_lines_are_set_aside_with_their_reason(data_set) -> None:
    data_set.write("movies.csv", "movieId,title,genres\n1,A,X\nx,B,Y\n1,C,Z\n2\n3,,X\n4,D,\n")
    data_set.write("links.csv", "movieId,imdbId,tmdbId\n1,1,2\n1,3,4\ny,5,6\n")
    films = read_films(data_set.folder / "movies.csv", data_set.folder / "links.csv")
    assert films.table.select(["movie_id", "title", "imdb_id", "tmdb_id"]).to_pylist() == [
        {"movie_id": 1, "title": "A", "imdb_id": "tt0000001", "tmdb_id": 2},
        {"movie_id": 4, "title": "D", "imdb_id": None, "tmdb_id": None},
    ]
    assert {(row["source"], row["row"], row["reason"]) for row in films.rejected.to_pylist()} == {
        ("movies.csv", 3, "unparsable"),
        ("movies.csv", 4, "duplicate"),
        ("movies.csv", 5, "unparsable"),
        ("movies.csv", 6, "unparsable"),
        ("links.csv", 3, "duplicate"),
        ("links.csv", 4, "unparsable"),
    }


def test_text_after_a_closed_quote_is_no_field(data_set) -> None:
    data_set.write("movies.csv", 'movieId,title,genres\n1,"Toy" Story (1995),Comedy\n2,Heat (1995),Crime\n')
    films = read_films(data_set.folder / "movies.csv", None)
    assert films.table["movie_id"].to_pylist() == [2]
    assert films.rejected["reason"].to_pylist() == ["unparsable"]


def test_a_line_that_lacks_its_last_field_is_set_aside(data_set) -> None:
    data_set.write("movies.csv", "movieId,title,genres\n1,A,X\n2,Heat (1995)\n")
    data_set.write("links.csv", 'movieId,imdbId,tmdbId\n1,1\n"1,1,2\n')
    films = read_films(data_set.folder / "movies.csv", data_set.folder / "links.csv")
    assert films.table["movie_id"].to_pylist() == [1]
    assert [(row["source"], row["row"], row["text"]) for row in films.rejected.to_pylist()] == [
        ("links.csv", 2, "1,1"),
        ("links.csv", 3, '"1,1,2'),
        ("movies.csv", 3, "2,Heat (1995)"),
    ]
    assert set(films.rejected["reason"].to_pylist()) == {"unparsable"}


def test_foreign_ids_may_be_missing_and_imdbs_may_have_its_letters(data_set) -> None:
    data_set.write("movies.csv", "movieId,title,genres\n1,A,X\n2,B,X\n3,C,X\n")
    data_set.write("links.csv", "movieId,imdbId,tmdbId\n1,tt0114709,862\n2,,863\n3,12345678,\n")
    table = read_films(data_set.folder / "movies.csv", data_set.folder / "links.csv").table
    assert table["imdb_id"].to_pylist() == ["tt0114709", None, "tt12345678"]
    assert table["tmdb_id"].to_pylist() == [862, 863, None]


def test_an_id_of_more_than_15_digits_is_none(data_set) -> None:
    data_set.write("movies.csv", f"movieId,title,genres\n{'9' * 15},A,X\n{'9' * 16},B,X\n")
    films = read_films(data_set.folder / "movies.csv", None)
    assert films.table["movie_id"].to_pylist() == [10**15 - 1]
    assert films.rejected["row"].to_pylist() == [3]


def test_of_a_rejected_line_200_characters_are_kept(data_set) -> None:
    data_set.write("movies.csv", "movieId,title,genres\n1,A,X\n" + "x" * 300 + "\n")
    films = read_films(data_set.folder / "movies.csv", None)
    assert films.rejected["text"].to_pylist() == ["x" * 200]


def test_a_missing_column_is_named(data_set) -> None:
    data_set.write("movies.csv", "movieId,name,genres\n1,A,B\n")
    with pytest.raises(
        UserError, match=r"movies\.csv: column title is missing .*found movieId, name, genres"
    ):
        read_films(data_set.folder / "movies.csv", None)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "the file is empty; expected a line of column names"),
        ("movieId,title,genres\n", "no film in it can be read"),
        ("movieId,title,genres\nx,A,B\n", "no film in it can be read"),
    ],
)
def test_a_file_without_films_is_an_error(data_set, content: str, problem: str) -> None:
    path = data_set.write("movies.csv", content)
    with pytest.raises(UserError, match=f"^{path}: {problem}$"):
        read_films(path, None)
