"""What the API tells of itself: whether it serves, its releases, the pipeline."""

from datetime import datetime
from typing import Literal

from pydantic import field_validator

from movie_genie.backend.outputs import Output


class Health(Output):
    """The process answers; `code` is a hash of the sources it runs."""

    status: Literal["ok"]
    code: str


class Ready(Output):
    """The worker process that answered has a release to serve."""

    status: Literal["ready"]
    release_id: str
    worker: int
    """Its process number: answers from so many different ones show that all of the `workers` are ready."""
    workers: int


class Release(Output):
    """What the release is made of, and why it may serve."""

    release_id: str
    git_revision: str | None
    data_revision: str | None
    metrics: dict[str, float | int | str | None]
    gate: dict[str, object]


class ListedRelease(Output):
    """A release on disk; `former` is what a rollback goes to."""

    release_id: str
    published_at: str
    git_revision: str | None
    data_revision: str | None
    current: bool
    former: bool

    @field_validator("published_at", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        return value.isoformat() if isinstance(value, datetime) else value


class Releases(Output):
    """Every release, the newest first."""

    items: list[ListedRelease]


class CurrentRelease(Output):
    """The release that is served from now on."""

    release_id: str


class ClickThrough(Output):
    """How one kind of row did in one release.

    `rate` is the mean over the viewers who were shown it, so that each counts the same: clicks for each time that it
    was shown, at most 1; null where it was never shown.
    """

    release_id: str
    row: str
    impressions: int
    clicks: int
    rate: float | None


class ClickThroughs(Output):
    """Every release's kinds of rows, the most shown first."""

    items: list[ClickThrough]


class StageState(Output):
    """A stage, and in words whether it is up to date."""

    stage: str
    state: str


class DagRun(Output):
    """A run of the DAG in Airflow."""

    run_id: str
    state: str
    started_at: str | None
    ended_at: str | None


class PipelineState(Output):
    """Stages and runs; where one of both is not known, why."""

    stages: list[StageState]
    stages_unknown: str | None
    runs: list[DagRun]
    runs_unknown: str | None


class StageProgress(Output):
    """How far a stage of the first training is."""

    stage: str
    state: Literal["waiting", "running", "done", "failed"]


class Progress(Output):
    """The stages of the first training, in no order; none where nothing is known, or a release is served."""

    stages: list[StageProgress]
