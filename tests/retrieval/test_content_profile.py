import numpy as np
import pytest
from histories import watched
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from movie_genie.data.cases import Cases
from movie_genie.inference.content_profile import CLEAR, NEUTRAL, OF_ONE_FILM, SHARPNESS
from movie_genie.inference.models import load
from movie_genie.retrieval.content_profile import ContentProfile, of_genres, of_texts
from movie_genie.training.examples import Content, Examples

ITEMS, WIDTH = 40, 12


def texts(seed: int = 2) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(ITEMS, WIDTH)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_with_all_directions_products_are_the_cosines_from_the_famous_films_middle():
    text, famous = texts(), np.arange(5)
    found = of_texts(text, famous, WIDTH)
    centred = text - text[famous].mean(axis=0)
    centred /= np.linalg.norm(centred, axis=1, keepdims=True)
    np.testing.assert_allclose(found @ found.T, centred @ centred.T, atol=1e-5)


def test_fewer_directions_keep_what_varies_most():
    text = texts() * np.where(np.arange(WIDTH) < 6, 1, 0.01).astype(np.float32)
    few, all_of_them = (of_texts(text, np.arange(5), dim) for dim in (6, WIDTH))
    assert few.shape == (ITEMS, 6)
    np.testing.assert_allclose(few @ few.T, all_of_them @ all_of_them.T, atol=0.01)


def test_a_rare_genre_says_more_than_a_common_one_and_one_that_all_have_says_nothing():
    genres = np.zeros((ITEMS, 3), np.float32)
    genres[:, 0] = 1  # all
    genres[:20, 1] = 1  # half
    genres[:2, 2] = 1  # two
    found = of_genres(genres)
    assert (found[:, 0] == 0).all()
    assert found[0, 2] > found[0, 1] > 0
    assert (found[30] == 0).all()


@pytest.fixture
def profile(tmp_path):
    """Films 0 to 19 are of one kind, 20 to 39 of another."""
    text = np.repeat(np.eye(2, WIDTH, dtype=np.float32), 20, axis=0) + 0.1 * texts()
    genres = np.repeat(np.eye(2, dtype=np.float32), 20, axis=0)
    content = Content(text, genres, np.zeros(ITEMS, np.int64))
    none = np.zeros(0, np.int64)
    cases = Cases(none, none, none, none.astype(np.float32), watched(), none, none, none)
    form = ContentProfile(kind="content_profile", name="profile", text_dim=8, genre_weight=0.5, window=10)
    form.fit_and_write(content, Examples(ITEMS, [watched(*range(ITEMS))], cases), tmp_path / "profile")
    return load(tmp_path / "profile")


def kinds(model, history) -> tuple[float, float]:
    scores = model.scores(model.read([history]))[0]
    return float(scores[:20].mean()), float(scores[20:].mean())


def test_loved_films_bring_their_like_and_hated_ones_push_it_away(profile):
    own, other = kinds(profile, watched(3, 4))
    assert own > other
    own, other = kinds(profile, watched(3, 4, stars=0.5))
    assert own < other


@given(
    st.lists(
        st.tuples(st.integers(0, ITEMS - 1), st.integers(1, 10)), max_size=20, unique_by=lambda one: one[0]
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_profile_is_the_sum_of_what_the_latest_films_say(profile, rated):
    history = watched(*(item for item, _ in rated), stars=[half / 2 for _, half in rated])
    latest = history.latest(profile.window)
    says = np.minimum(latest.stars - NEUTRAL, 1)[:, None]
    vectors = says * profile.films.all_vectors[latest.items]
    read = profile.read([history])[0]
    np.testing.assert_allclose(read[:-1], vectors.sum(0), atol=1e-5)
    liked = vectors[latest.stars > NEUTRAL]
    if len(liked) > 1:
        products = liked @ liked.T
        cosine = products[~np.eye(len(liked), dtype=bool)].mean() / np.diag(products).mean()
        assert read[-1] == pytest.approx(np.clip(cosine / CLEAR, 0, 1) ** SHARPNESS, abs=1e-4)
    else:
        assert read[-1] == (OF_ONE_FILM if len(latest) else 0)
    items = np.array([3, 33])
    read = vectors[history.favoured[-profile.window :]]
    expected = profile.films.all_vectors[items] @ read.T
    np.testing.assert_allclose(profile.contributions(history, items), expected, atol=1e-5)


def test_whoever_said_nothing_has_no_profile(profile):
    assert (profile.read([watched()]) == 0).all()


def test_films_that_no_longer_count_are_no_reason(profile):
    history = watched(1, 2, *range(20, 30), stars=[5.0, 5.0] + [0.5] * 10)
    assert profile.contributions(history, np.array([3])).shape == (1, 0)


def test_texts_that_are_all_the_same_say_nothing():
    same = np.tile(texts()[:1], (ITEMS, 1))
    assert (of_texts(same, np.arange(5), 4) == 0).all()


def test_a_taste_is_clear_where_the_liked_films_are_alike(profile):
    histories = [watched(1, 2, 3), watched(1, 25, 3, 30), watched(1, 2, 3, 25, stars=[5, 5, 5, 0.5])]
    alike, mixed, alike_but_for_a_hated_one = profile.read(histories)[:, -1]
    assert 0 <= mixed < 0.1 < 0.8 < alike <= 1
    assert alike_but_for_a_hated_one == alike


def test_one_film_is_no_clear_taste(profile):
    assert 0 < profile.read([watched(1)])[0, -1] < 0.5


def test_only_the_latest_films_count(profile):
    long_ago = watched(*range(20), *range(20, 30))
    assert profile.read([long_ago]) == pytest.approx(profile.read([watched(*range(20, 30))]), abs=1e-6)


def test_some_films_scores_are_those_among_all(profile):
    read = profile.read([watched(1, 25)])
    wanted = np.array([0, 39, 7])
    np.testing.assert_allclose(profile.scores_of(read[0], wanted), profile.scores(read)[0, wanted], atol=1e-5)


@pytest.mark.parametrize("stars", [5.0, [5.0, 3.0, 4.5]])
def test_contributions_of_liked_films_sum_to_the_score(profile, stars):
    history, wanted = watched(1, 5, 25, stars=stars), np.array([2, 30])
    found = profile.contributions(history, wanted)
    expected = profile.scores_of(profile.read([history])[0], wanted)
    np.testing.assert_allclose(found.sum(axis=1), expected, atol=1e-4)
