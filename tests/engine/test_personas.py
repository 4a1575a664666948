import pytest
import tiny

from movie_genie.engine.recommender import Recommender
from movie_genie.engine.records import UnknownPersonaError


@pytest.fixture(scope="module")
def personas(tiny_release):
    return Recommender(tiny_release).personas


def test_viewers_of_the_app_are_no_personas(personas):
    assert len(personas) == tiny.PERSONAS
    with pytest.raises(UnknownPersonaError):
        personas.history(tiny.VIEWER)


def test_a_history_is_the_users_ratings_oldest_first(personas):
    history = personas.history(3)
    assert [film.timestamp for film in history] == sorted(film.timestamp for film in history)
    persona = personas.get(3)
    assert persona.ratings_count == len(history)
    assert persona.average_rating == pytest.approx(sum(film.rating for film in history) / len(history))


def test_pages_hold_every_persona_once(personas):
    pages = [personas.page(number, 5) for number in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [5, 5, 2, 0]
    assert [persona.persona_id for page in pages for persona in page] == list(range(1, tiny.PERSONAS + 1))


def test_favourite_genres_stand_out_among_liked_films(personas):
    genres = {film.movie_id: film.genres for film in tiny.FILMS}
    everybody = personas.page(1, 50)
    assert any(persona.favourite_genres for persona in everybody)
    for persona in everybody:
        history = personas.history(persona.persona_id)
        liked = [film for film in history if film.rating >= persona.average_rating]
        for genre in persona.favourite_genres:
            assert sum(genre in genres[film.movie_id] for film in liked) >= 2
