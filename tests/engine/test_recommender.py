import numpy as np
import pytest
import tiny
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from movie_genie.engine.recommender import Recommender, top
from movie_genie.engine.records import Rating, UnknownFilmError, UnknownGenreError

FILM_IDS = [film.movie_id for film in tiny.FILMS]
HISTORIES = st.lists(
    st.builds(
        Rating,
        movie_id=st.sampled_from([*FILM_IDS, 123456]),  # one that the release does not know
        rating=st.one_of(st.none(), st.sampled_from([0.5, 2.0, 3.0, 4.5, 5.0])),
        timestamp=st.integers(0, 2**31),
    ),
    max_size=30,
    unique_by=lambda film: film.movie_id,
)


@pytest.fixture(scope="module")
def engine(tiny_release):
    return Recommender(tiny_release)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    history=HISTORIES,
    exclude=st.sets(st.sampled_from(FILM_IDS), max_size=10),
    genre=st.sampled_from([None, "Drama", "Animation"]),
    diversity=st.sampled_from([0.0, 0.3, 1.0]),
)
def test_films_seen_or_excluded_are_never_recommended_and_none_comes_twice(
    engine, history, exclude, genre, diversity
):
    answer = engine.recommend(history, limit=10, exclude=exclude, genre=genre, diversity=diversity)
    ids = [item.movie_id for item in answer]
    barred = exclude | {film.movie_id for film in history}
    assert not barred & set(ids)
    assert len(ids) == len(set(ids)) <= 10
    assert all(np.isfinite(item.score) for item in answer)
    if genre is not None:
        assert all(genre in engine.catalogue.movie(movie_id).genres for movie_id in ids)
    left = [
        film for film in tiny.FILMS if film.movie_id not in barred and (genre is None or genre in film.genres)
    ]
    assert len(ids) == min(10, len(left))


def test_scores_fall_from_first_to_last(engine):
    scores = [item.score for item in engine.recommend(engine.personas.history(1), limit=20)]
    assert scores == sorted(scores, reverse=True)


def test_a_rating_changes_the_next_answer(engine):
    history = engine.personas.history(1)
    before = engine.recommend(history, limit=20)
    after = engine.recommend([*history, Rating(before[0].movie_id, 5.0, 2**31)], limit=20)
    assert [item.movie_id for item in after] != [item.movie_id for item in before[1:]]


def test_reasons_name_liked_films_of_the_history_strongest_first(engine):
    history = [
        Rating(1, 5.0, 1),
        Rating(6, 4.0, 2),
        Rating(47, 3.0, 3),
        Rating(50, 1.0, 4),
        Rating(110, None, 5),
    ]
    answer = engine.recommend(history, limit=10)
    assert any(item.reasons for item in answer)
    for item in answer:
        shares = [reason.share for reason in item.reasons]
        assert shares == sorted(shares, reverse=True)
        assert len(shares) <= 3 and sum(shares) <= 1.001 and all(share > 0 for share in shares)
        assert {reason.movie_id for reason in item.reasons} <= {1, 6, 47}


def test_a_hated_film_never_speaks_for_a_taste_nor_stands_as_a_reason(engine):
    low = [Rating(1, 1.0, 1), Rating(6, 2.0, 2), Rating(47, None, 3)]
    assert len(engine.taste(low).history.liked) == 0
    assert all(item.reasons == [] for item in engine.recommend(low, limit=5))
    one = [*low, Rating(50, 3.0, 4)]
    assert engine.taste(one).history.liked.items.tolist() == engine.items([50]).tolist()
    named = {reason.movie_id for item in engine.recommend(one, limit=5) for reason in item.reasons}
    assert named <= {50}
    mixed = [*one, Rating(110, 4.0, 5), Rating(150, 5.0, 6)]
    assert engine.taste(mixed).history.liked.items.tolist() == engine.items([50, 110, 150]).tolist()
    assert engine.taste(mixed).history.items.tolist() == engine.items([1, 6, 50, 110, 150]).tolist()
    assert engine.taste(mixed).seen.tolist() == engine.items([1, 6, 47, 50, 110, 150]).tolist()


def test_a_stranger_gets_an_answer_without_reasons_and_stars(engine):
    for nothing in ([], [Rating(1, None, 1)], [Rating(123456, 5.0, 1)]):
        answer = engine.recommend(nothing, limit=5)
        assert len(answer) == 5
        assert all(item.reasons == [] and item.predicted_rating is None for item in answer)
        assert engine.predicted_rating(nothing, [6, 47]) == [None, None]


def test_stars_are_predicted_for_whoever_rated_a_film_even_if_none_is_liked(engine):
    for history in ([Rating(1, 0.5, 1)], [Rating(1, 5.0, 1), Rating(6, None, 2), Rating(47, 2.0, 3)]):
        answer = engine.recommend(history, limit=10)
        shown = [item.predicted_rating for item in answer]
        assert all(0.5 <= stars <= 5 for stars in shown)
        assert engine.predicted_rating(history, [item.movie_id for item in answer]) == pytest.approx(
            shown, abs=1e-5
        )


def test_stars_are_told_film_by_film_and_of_an_unknown_one_none(engine):
    history = [Rating(50, 4.0, 1), Rating(110, 2.0, 2)]
    first, nothing, second = engine.predicted_rating(history, [1, 123456, 6])
    assert nothing is None
    assert engine.predicted_rating(history, [6, 1]) == [second, first] != [first, second]
    assert engine.predicted_rating(history, []) == []


def test_no_stars_are_predicted_for_what_was_judged_already(engine):
    judged = [Rating(1, 5.0, 1), Rating(6, None, 2)]
    rated, refused, open_one = engine.predicted_rating(judged, [1, 6, 47])
    assert (rated, refused) == (None, None)
    assert 0.5 <= open_one <= 5


def test_models_are_told_the_stars_and_moments_and_when_they_are_asked(tiny_release):
    engine = Recommender(tiny_release, clock=lambda: 500.7)
    ratings = [Rating(1, 2.0, 100), Rating(123456, 5.0, 150), Rating(47, None, 200), Rating(50, 4.5, 300)]
    history = engine.taste(ratings).history
    assert history.items.tolist() == engine.items([1, 50]).tolist()
    assert (history.stars.tolist(), history.times.tolist(), history.asked) == ([2, 4.5], [100, 300], 500)
    assert engine.taste(ratings, asked=400).history.ages.tolist() == [300, 100]
    asked = []
    two_stage = engine.two_stage
    engine.two_stage = Noted(two_stage, asked)
    engine.recommend(ratings, limit=3)
    engine.recommend(ratings, limit=3, asked=450)
    assert asked == [500, 450]


class Noted:
    """Notes when it is asked what to recommend."""

    def __init__(self, two_stage, asked):
        self.two_stage, self.asked = two_stage, asked

    def recommend(self, history, k, exclude):
        self.asked.append(history.asked)
        return self.two_stage.recommend(history, k, exclude)

    def __getattr__(self, name):
        return getattr(self.two_stage, name)


def test_an_unknown_genre_is_named(engine):
    with pytest.raises(UnknownGenreError, match="unknown genre: Western"):
        engine.recommend([], limit=5, genre="Western")


def test_diversity_makes_the_answer_less_alike(engine):
    history = engine.personas.history(2)

    def likeness(diversity):
        items = engine.items(
            item.movie_id for item in engine.recommend(history, limit=8, diversity=diversity)
        )
        products = engine.text[items] @ engine.text[items].T
        return (products.sum() - len(items)) / (len(items) * (len(items) - 1))

    assert likeness(0.9) < likeness(0.0)


def test_similar_films_are_those_with_the_greatest_likeness_and_never_the_film_itself(engine):
    item = engine.catalogue.item(1214)
    likeness = engine.likeness.of(item)
    likeness[item] = -np.inf
    nearest = [engine.catalogue.movies[place].movie_id for place in np.argsort(-likeness, kind="stable")]
    answer = engine.similar(1214, limit=10, exclude=[nearest[1]])
    assert [found.movie_id for found in answer] == [nearest[0], *nearest[2:11]]
    assert answer[0].score == pytest.approx(likeness.max(), abs=1e-5)
    with pytest.raises(UnknownFilmError):
        engine.similar(123456, limit=3)


def test_popular_films_are_those_with_the_most_recent_ratings(engine):
    answer = engine.popular(50)
    scores = [item.score for item in answer]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] == 0  # the film that nobody rated is last
    assert {item.movie_id for item in engine.popular(3, exclude=[answer[0].movie_id])} == {
        item.movie_id for item in answer[1:4]
    }


def test_hidden_gems_are_above_the_mean_and_not_the_most_rated(engine):
    counts = engine.catalogue.ratings_count
    gems = engine.hidden_gems([], limit=10)
    assert gems
    for item in gems:
        detail = engine.catalogue.detail(item.movie_id)
        assert 5 <= detail["ratings_count"] <= np.quantile(counts[counts >= 5], 0.9)
        assert detail["average_rating"] > 2.5


def test_top_gives_the_largest_finite_values_in_order():
    values = np.array([3.0, -np.inf, 5.0, 4.0, 5.0])
    assert top(values, 3).tolist() == [2, 4, 3]
    assert top(values, 9).tolist() == [2, 4, 3, 0]
    assert top(values, 0).tolist() == []


def test_a_film_without_ratings_or_text_has_a_card_and_details(engine):
    detail = engine.catalogue.detail(99999)
    assert (detail["year"], detail["overview"], detail["average_rating"]) == (None, None, None)
    assert (detail["genres"], detail["cast"], detail["ratings_count"]) == ([], [], 0)
    assert engine.catalogue.movie(99999).genres == ()
    with pytest.raises(UnknownFilmError, match="unknown film: 5"):
        engine.catalogue.detail(5)


def test_genres_are_counted_the_largest_first(engine):
    counts = engine.catalogue.genre_counts()
    assert [count.movies for count in counts] == sorted((count.movies for count in counts), reverse=True)
    assert {count.genre: count.movies for count in counts}["War"] == sum(
        "War" in film.genres for film in tiny.FILMS
    )
