"""Where a personal recommendation's time goes: `python -m benchmarks.request_steps`, after `make run`.

Each step is done by itself, in this process, for many personas' histories in turn; writes medians of its own thread's
time to results/request_steps.json. The steps' sum is not the whole: what stands between them is in the whole only.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import redirect_stderr
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.serving import EMPTY, PERSONAL, viewers
from movie_genie.backend.session import COOKIE
from movie_genie.cli import run
from movie_genie.engine.recommender import REASONS, Recommender
from movie_genie.files import write_json
from movie_genie.history import History
from movie_genie.inference.compiled import Floats, Items
from movie_genie.inference.models import Model
from movie_genie.inference.selection import best

RESULTS = Path("benchmarks/results/request_steps.json")
LIMIT = 10

Made = TypeVar("Made")
Step = Callable[[], object]


def main() -> None:
    """Read the arguments, measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--releases", type=Path, default=Path("releases"))
    arguments = parser.parse_args()

    def command() -> None:
        medians = measure(arguments.releases)
        for step, microseconds in medians.items():
            print(f"{microseconds:7.1f} us  {step}")
        write_json(RESULTS, {"microseconds": medians})

    run(command)


def measure(releases: Path) -> dict[str, float]:
    """Median microseconds of each step."""
    engine = Recommender(releases / "current")
    taken = Stopwatch()
    with tempfile.TemporaryDirectory() as temporary, Path(os.devnull).open("w") as nowhere:
        os.environ |= {
            "MOVIE_GENIE_RUN": temporary,
            "MOVIE_GENIE_RELEASES": str(releases.resolve()),
            "DATABASE_URL": f"sqlite:///{temporary}/movie_genie.db",
            "RATELIMIT": "1000000000 per minute",
        }
        from movie_genie.backend.app import create_app

        tokens = viewers(engine, os.environ["DATABASE_URL"])
        app = create_app()
        # The log has a line for each request.
        with redirect_stderr(nowhere):
            for token, persona in zip(tokens, engine.personas.page(1, len(tokens)), strict=True):
                for path in (EMPTY, PERSONAL):
                    given = app.test_request_context(path, headers={"Cookie": f"{COOKIE}={token}"})
                    taken.time(f"whole answer, {path}", partial(_answer, app.wsgi_app, given.request.environ))
                history = [
                    (film.movie_id, film.rating, film.timestamp)
                    for film in engine.personas.history(persona.persona_id)
                ]
                taken.time("whole engine", partial(engine.recommend, history, limit=LIMIT))
                _steps(engine, history, taken)
    return taken.medians()


def _steps(engine: Recommender, history: Any, taken: "Stopwatch") -> None:
    """What `Recommender.recommend` does, step by step."""
    two_stage = engine.two_stage
    taste = taken.time("history as item_idx", partial(engine.taste, history))
    for source in two_stage.sources:
        scores = taken.time(f"{source.name}, all films", partial(_all_films, source.model, taste.history))
        taken.time(
            f"{source.name}, best {source.candidates}",
            partial(best, scores[0], taste.seen, source.candidates),
        )
    (found,) = two_stage.candidates([taste.history], [taste.seen])
    for ranker in two_stage.rankers:
        taken.time(
            f"{ranker.name}, candidates", partial(_candidates, ranker.model, taste.history, found.items)
        )
    ranking = two_stage.recommend(taste.history, LIMIT, taste.seen)
    taken.time("predicted stars", partial(two_stage.stars, ranking, ranking.items))
    taken.time("reasons", partial(two_stage.reasons, taste.history, ranking, ranking.items, REASONS))


def _all_films(model: Model, history: History) -> Floats:
    return model.scores(model.read([history]))


def _candidates(model: Model, history: History, items: Items) -> Floats:
    return model.scores_of(model.read([history])[0], items)


def _answer(app: Callable[..., Any], environment: dict[str, Any]) -> None:
    answer: Iterable[bytes] = app(dict(environment), lambda *_: None)
    b"".join(answer)
    answer.close()  # type: ignore[attr-defined]  # WSGI's answers may have it


class Stopwatch:
    """Times of named steps."""

    def __init__(self) -> None:
        self._seconds: dict[str, list[float]] = {}

    def time(self, name: str, step: Callable[[], Made]) -> Made:
        """Do a step and keep how long it took."""
        begun = time.thread_time()
        made = step()
        self._seconds.setdefault(name, []).append(time.thread_time() - begun)
        return made

    def medians(self) -> dict[str, float]:
        """Microseconds."""
        return {name: round(statistics.median(seconds) * 1e6, 1) for name, seconds in self._seconds.items()}


if __name__ == "__main__":
    main()
