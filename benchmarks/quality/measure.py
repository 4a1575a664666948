"""Every system on the test cases, and all together without the ranker, its weights chosen anew."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks.quality.neighbours import Neighbours
from movie_genie.config import EvaluationConfig
from movie_genie.data.cases import training_sequences
from movie_genie.data.schemas import PROTOCOLS, VALIDATION
from movie_genie.evaluation import figures, predicted_ratings
from movie_genie.evaluation.inputs import Inputs, load
from movie_genie.evaluation.measure import by_user, gains, measure, rank_metrics
from movie_genie.evaluation.outcome import Outcome, evaluate_protocol
from movie_genie.evaluation.systems import INTEGRATED, Integrated
from movie_genie.evaluation.tuning import ask, tune
from movie_genie.inference.two_stage import TwoStage

METRICS = ["ndcg_at_10", "recall_at_10", "recall_at_200", "recall_at_500"]
COMPARED = "ndcg_at_10"
RANKER = "bert4rec"
WITHOUT = f"{INTEGRATED}_without_{RANKER}"


@dataclass(frozen=True)
class Measured:
    """What one protocol showed with one seed's models."""

    split_hash: str
    cases: int
    users: int
    systems: dict[str, dict[str, float]]
    """Each system's figures; of `candidates` only `recall`: the share of targets that any source offered."""
    ratings: dict[str, dict[str, float]]
    """How far the served model, user + film bias and the neighbours are off with the targets' stars."""
    weights: dict[str, dict[str, float]]
    """How much each model counts, with and without the ranker."""
    gains: dict[str, NDArray[np.float64]]
    """(users,) each user's COMPARED, with and without the ranker."""


def measure_all(config: EvaluationConfig, root: Path) -> dict[str, Measured]:
    """Measure the models in `root` under each protocol, on one thread, as evaluation does."""
    # Newcomers are the report's.
    config = config.model_copy(update={"newcomer_lengths": []})
    inputs = load(root)
    with threadpool_limits(1, "blas"):
        return {protocol: _measure(config, inputs, protocol) for protocol in PROTOCOLS}


def _measure(config: EvaluationConfig, inputs: Inputs, protocol: str) -> Measured:
    outcome = evaluate_protocol(config, inputs, protocol)
    ranks = {name: answer.ranks for name, answer in outcome.answers.items()}
    weights = {INTEGRATED: _weights(outcome.two_stage)}
    if RANKER in config.models:
        two_stage = _tuned(without(config, RANKER), inputs, protocol)
        ranks[WITHOUT] = measure(f"{protocol}, {WITHOUT}", Integrated(two_stage), outcome.cases).ranks
        weights[WITHOUT] = _weights(two_stage)
    users = outcome.cases.users
    systems = {name: dict(rank_metrics(outcome.cases, rank, METRICS)) for name, rank in ranks.items()}
    systems["candidates"] = {"recall": float(outcome.metrics[figures.OF_STAGES[0]])}
    return Measured(
        inputs.split_hashes[protocol],
        len(users),
        len(np.unique(users)),
        systems,
        _ratings(outcome, inputs, protocol),
        weights,
        {name: by_user(users, gains(COMPARED, ranks[name])) for name in weights},
    )


def _ratings(outcome: Outcome, inputs: Inputs, protocol: str) -> dict[str, dict[str, float]]:
    cases = outcome.cases
    training = training_sequences(inputs.interactions, protocol)
    biases = predicted_ratings.Biases(training, inputs.items)
    found = {
        predicted_ratings.BIAS: biases.predict(cases),
        "neighbours_rating": Neighbours(training, inputs.items).predict(cases),
    }
    served = predicted_ratings.served(outcome.two_stage, cases)
    if served is not None:
        found[predicted_ratings.PREDICTED] = served
    return {name: predicted_ratings.errors(predicted, cases) for name, predicted in found.items()}


def without(config: EvaluationConfig, model: str) -> EvaluationConfig:
    """The same, less one model, whether it is a source, a ranker or both."""
    return config.model_copy(
        update={
            "sources": [source for source in config.sources if source.name != model],
            "rankers": [name for name in config.rankers if name != model],
            "newcomers": config.newcomers if config.newcomers and config.newcomers.model != model else None,
        }
    )


def _tuned(config: EvaluationConfig, inputs: Inputs, protocol: str) -> TwoStage:
    """All models of a configuration, with the weights that validation chooses."""
    validation = inputs.cases(config, protocol, VALIDATION)
    two_stage = inputs.two_stage(protocol, config)
    trials = tune(ask(two_stage, validation), validation, len(two_stage.models))
    return two_stage.weighted(np.array(trials[-1].weights))


def _weights(two_stage: TwoStage) -> dict[str, float]:
    return dict(zip(two_stage.models, map(float, two_stage.weights), strict=True))
