import numpy as np
import pytest
import tiny

from movie_genie.engine.records import Movie
from movie_genie.engine.titles import Titles, as_one_word, words

MOVIES = [Movie(film.movie_id, film.title, film.year, tuple(film.genres), None) for film in tiny.FILMS]


@pytest.fixture(scope="module")
def titles():
    return Titles(MOVIES, np.ones(len(MOVIES)))


def found(titles, query):
    scores = titles.scores(query)
    return [MOVIES[item].movie_id for item in np.argsort(-scores, kind="stable") if scores[item] > 0]


@pytest.mark.parametrize(
    ("query", "movie_id"),
    [
        ("Matrix", 2571),
        ("the matrix", 2571),
        ("matrix 1999", 2571),
        ("MATRXI", 2571),  # two letters swapped
        ("matrx", 2571),  # one missing
        ("mattrix", 2571),  # one too many
        ("matrox", 2571),  # one wrong
        ("shawshank redemtion", 318),
        ("godfathr", 858),
        ("the god father", 858),  # a space too many
        ("god father", 858),
        ("pulpfiction", 296),  # one too few
        ("starwars", 260),
        ("leon", 293),  # without its accent
        ("amélie", 4973),
        ("amelie poulain", 4973),
        ("se7en", 47),
        ("12 monkeys", 32),
        ("schindlers list", 527),
        ("terminat", 589),  # while typing
        ("empire strikes back", 1196),
        ("2001", 924),
    ],
)
def test_a_title_is_found_first_in_spite_of_one_typing_error(titles, query, movie_id):
    assert found(titles, query)[0] == movie_id


def test_every_title_is_found_first_with_any_one_letter_left_out(titles):
    missed = []
    for movie in MOVIES:
        word = max(words(movie.title), key=len)
        if len(word) < 5:
            continue
        for place in range(len(word)):
            typed = movie.title.lower().replace(word, word[:place] + word[place + 1 :])
            if typed == "alien":  # a title too
                continue
            if found(titles, typed)[0] != movie.movie_id:
                missed.append(typed)
    assert missed == []


def test_the_exact_word_comes_before_the_longer_one(titles):
    assert found(titles, "alien")[:2] == [1214, 1200]
    assert found(titles, "aliens")[0] == 1200


def test_words_that_are_in_no_title_find_nothing(titles):
    assert found(titles, "qwertyuiop") == []
    assert found(titles, "???") == []


def test_among_equal_titles_the_popular_one_comes_first():
    movies = [Movie(1, "Heat", 1986, (), None), Movie(2, "Heat", 1995, (), None)]
    scores = Titles(movies, np.array([0.1, 1.0])).scores("heat")
    assert scores[1] > scores[0] > 0
    assert np.argmax(Titles(movies, np.array([0.1, 1.0])).scores("heat 1986")) == 0


def test_an_empty_catalogue_finds_nothing():
    assert Titles([], np.empty(0)).scores("heat").tolist() == []


def test_a_title_as_one_word_goes_with_and_without_article_subtitle_and_other_names():
    assert as_one_word("Seven (a.k.a. Se7en)") == {"seven", "se7en"}
    assert as_one_word("The Lion King") == {"thelionking", "lionking"}
    assert "starwars" in as_one_word("Star Wars: Episode IV - A New Hope")
