import json
import shutil
import threading
import time
from datetime import UTC, datetime

import damaged_releases as damages
import pytest

from movie_genie.engine.recommender import Recommender
from movie_genie.engine.records import Rating
from movie_genie.releases import live as live_module
from movie_genie.releases import store as releases
from movie_genie.releases.live import LiveRelease

HISTORY = [Rating(1, 5.0, 1), Rating(47, 4.0, 2), Rating(1214, 4.5, 3)]


@pytest.fixture
def two_releases(folder, other_project, without_text_model):
    """The ids of the release in service and of another one, and what each recommends."""
    first = releases.current(folder)
    second = releases.publish(other_project, folder, datetime.now(UTC))
    answers = {name: Recommender(folder / name).recommend(HISTORY, limit=5) for name in (first, second)}
    assert answers[first] != answers[second]
    return first, second, answers


def point_to(folder, name):
    (folder / "new").symlink_to(name)
    (folder / "new").replace(folder / "current")


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def test_swaps_under_concurrent_reads_never_serve_a_mixed_state(folder, two_releases):
    first, second, answers = two_releases
    live = LiveRelease(folder, poll_seconds=0.01)
    live.start()
    wrong, served, stop = [], {first: 0, second: 0}, threading.Event()

    def read():
        while not stop.is_set():
            engine = live.engine
            answer = engine.recommend(HISTORY, limit=5)
            if answer != answers[engine.release_id]:
                wrong.append((engine.release_id, answer))
            served[engine.release_id] += 1

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for name in [second, first] * 3:
        point_to(folder, name)
        until(lambda name=name: live.engine.release_id == name)
    stop.set()
    for reader in readers:
        reader.join()
    live.stop()
    assert wrong == []
    assert all(served.values())


def test_a_half_copied_release_is_refused_and_the_old_one_keeps_serving(folder, two_releases, caplog):
    first, second, answers = two_releases
    live = LiveRelease(folder)
    assert live.refresh()
    weights = folder / second / "models/bert4rec/model.safetensors"
    kept = weights.read_bytes()
    weights.unlink()
    point_to(folder, second)
    assert not live.refresh()
    assert live.engine.release_id == first
    assert live.engine.recommend(HISTORY, limit=5) == answers[first]
    assert f"release {second} is refused, {first} stays in service" in caplog.text
    weights.write_bytes(kept)  # the copy was only slow
    assert live.refresh()
    assert live.engine.release_id == second


def test_a_current_that_points_nowhere_or_is_gone_changes_nothing(folder, two_releases):
    first = two_releases[0]
    live = LiveRelease(folder)
    assert live.refresh()
    point_to(folder, "0123456789ab")
    assert not live.refresh()
    (folder / "current").unlink()
    assert not live.refresh()
    assert live.engine.release_id == first


def test_the_first_release_is_taken_up_when_it_comes(folder, two_releases, tmp_path):
    live = LiveRelease(tmp_path / "not-yet", poll_seconds=0.01)
    live.start()
    assert live.engine is None
    folder.rename(tmp_path / "not-yet")
    until(lambda: live.engine is not None)
    live.stop()
    assert live.engine.release_id == two_releases[0]


def test_a_refused_release_is_not_checked_over_and_over(folder, two_releases, monkeypatch):
    second = two_releases[1]
    manifest = folder / second / "manifest.json"
    kept = manifest.read_text()
    manifest.unlink()
    manifest.write_text(json.dumps({}))
    live = LiveRelease(folder, poll_seconds=0.01, retry_seconds=0.5)
    live.start()
    tried = []
    refresh = live.refresh
    monkeypatch.setattr(live, "refresh", lambda: tried.append(1) or refresh())
    point_to(folder, second)
    until(lambda: len(tried) == 1)
    time.sleep(0.2)
    assert len(tried) == 1
    manifest.write_text(kept)
    until(lambda: live.engine.release_id == second)
    live.stop()


def test_a_watcher_outlives_a_release_that_fails_in_an_unforeseen_way(folder, two_releases, monkeypatch):
    first, second, _ = two_releases
    live = LiveRelease(folder, poll_seconds=0.01)
    live.start()
    opened = live_module.open_checked
    failures = [ZeroDivisionError("unforeseen")]

    def fail_once(release):
        if failures:
            raise failures.pop()
        return opened(release)

    monkeypatch.setattr(live_module, "open_checked", fail_once)
    point_to(folder, second)
    until(lambda: not failures)
    time.sleep(0.05)
    assert live.engine.release_id == first
    point_to(folder, first)
    time.sleep(0.05)
    point_to(folder, second)
    until(lambda: live.engine.release_id == second)
    live.stop()


def test_a_process_that_begins_under_a_broken_release_serves_the_one_before_until_it_is_mended(
    folder, two_releases, caplog
):
    first, second, _ = two_releases
    (folder / "activated.json").write_text(json.dumps({"activated": [first, second]}))
    point_to(folder, second)
    weights = folder / second / "models/bert4rec/model.safetensors"
    kept = weights.read_bytes()
    weights.unlink()
    live = LiveRelease(folder)
    assert not live.refresh()
    assert live.engine is not None and live.engine.release_id == first
    assert f"release {second} is refused, {first} stays in service" in caplog.text
    weights.write_bytes(kept)
    assert live.refresh()
    assert live.engine.release_id == second


@pytest.mark.parametrize(
    "damage",
    [
        damages.with_a_link_to_nowhere,
        damages.with_a_manifest_that_is_a_folder,
        damages.half_copied,
        damages.with_a_broken_manifest,
    ],
)
@pytest.mark.parametrize("history", ["", "null", "{}", '{"activated": 3}'])
def test_a_process_begins_whatever_is_wrong_with_the_release_and_with_the_history(
    folder, two_releases, damage, history
):
    first, second, _ = two_releases
    (folder / "activated.json").write_text(history)
    damage(folder / second)
    point_to(folder, second)
    live = LiveRelease(folder, poll_seconds=60)
    live.start()
    live.stop()
    assert live.engine is not None and live.engine.release_id == first


def test_a_process_that_begins_under_a_release_that_fails_in_an_unforeseen_way_serves_another(
    folder, two_releases, monkeypatch, caplog
):
    first, second, _ = two_releases
    point_to(folder, second)
    opened = live_module.open_checked

    def fail(release):
        if release.name == second:
            raise ZeroDivisionError("unforeseen")
        return opened(release)

    monkeypatch.setattr(live_module, "open_checked", fail)
    live = LiveRelease(folder)
    assert not live.refresh()
    assert live.engine is not None and live.engine.release_id == first
    assert "ZeroDivisionError: unforeseen" in caplog.text


def made_from(release, seal, published):
    """A whole release like another, published at another time."""
    copy = release.with_name("copy")
    shutil.copytree(release, copy)
    (copy / "web/index.html").write_text(published)
    manifest = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps(manifest | {"published_at": published}))
    return seal(copy).name


def test_a_process_under_broken_releases_takes_up_the_one_before_then_the_newest_and_last_what_was_withdrawn(
    folder, two_releases, seal
):
    first, second, _ = two_releases
    older, newer, withdrawn = (
        made_from(folder / first, seal, f"{year}-01-01T00:00:00+00:00") for year in (2030, 2031, 2032)
    )
    (folder / "activated.json").write_text(json.dumps({"activated": [first, second]}))
    (folder / "withdrawn.json").write_text(json.dumps({"withdrawn": [withdrawn]}))
    point_to(folder, second)
    damages.half_copied(folder / second)
    for expected in (first, newer, older, withdrawn):
        live = LiveRelease(folder)
        assert not live.refresh()
        assert live.engine is not None and live.engine.release_id == expected
        damages.half_copied(folder / expected)
    live = LiveRelease(folder)
    assert not live.refresh()
    assert live.engine is None
