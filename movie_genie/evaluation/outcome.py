"""One protocol from beginning to end: weights chosen on validation, every system tested."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from movie_genie.config import EvaluationConfig
from movie_genie.data.cases import Cases, training_events, training_sequences
from movie_genie.data.schemas import RELEASED, TEST, VALIDATION
from movie_genie.evaluation import beyond_accuracy, figures, predicted_ratings, systems
from movie_genie.evaluation.baselines import COUNTS
from movie_genie.evaluation.breakdown import Row, by_latest, by_length
from movie_genie.evaluation.inputs import Inputs
from movie_genie.evaluation.measure import Measured, by_user, measure, rank_metrics
from movie_genie.evaluation.systems import INTEGRATED
from movie_genie.evaluation.tuning import Trial, ask, tune
from movie_genie.inference.two_stage import TwoStage
from movie_genie.metrics import Ranks

log = logging.getLogger(__name__)

DIGITS = 6
"""Decimals of the figures that are written."""


@dataclass(frozen=True)
class Outcome:
    """What one protocol showed."""

    cases: Cases
    """The test's."""
    two_stage: TwoStage
    """With the weights that validation chose."""
    trials: list[Trial]
    """How they were found."""
    answers: Mapping[str, Measured]
    """Each system's, by its name."""
    metrics: Mapping[str, float | int | str]
    """`{system}_{metric}`, and some of the protocol as a whole."""
    histories: list[Row]


def evaluate_protocol(config: EvaluationConfig, inputs: Inputs, protocol: str) -> Outcome:
    """Choose the models' weights on the validation cases, then ask every system the test's.

    Raises
    ------
    UserError
        When a part of the split holds no case, or a model is missing or broken.
    """
    validation = inputs.cases(config, protocol, VALIDATION)
    test = inputs.cases(config, protocol, TEST)
    log.info("%s: %d validation cases, %d test cases", protocol, len(validation), len(test))
    two_stage = inputs.two_stage(protocol, config)
    figures.check_predicted(config, two_stage.predictor is not None)
    trials = tune(ask(two_stage, validation), validation, len(two_stage.models))
    two_stage = two_stage.weighted(np.array(trials[-1].weights))
    training = training_events(inputs.interactions, protocol)
    answers: dict[str, Measured] = {}
    # Newcomers are asked of the released models only: under the other protocol most users are new anyway.
    newcomer_lengths = config.newcomer_lengths if protocol == RELEASED else []
    latest: dict[str, dict[str, Ranks]] = {str(films): {} for films in newcomer_lengths}
    for name in systems.names(config):
        system = systems.build(name, config, two_stage, inputs.interactions, protocol)
        answers[name] = measure(f"{protocol}, {name}", system, test)
        for films in newcomer_lengths:
            if isinstance(system, COUNTS):
                latest[str(films)][name] = answers[name].ranks
                continue
            label = f"{protocol}, {name}, latest {films}"
            latest[str(films)][name] = measure(label, system, test.cut(films)).ranks
    ranks = {name: answer.ranks for name, answer in answers.items()}
    histories = by_length(test, ranks, config.history_length_bins)
    if latest:
        histories += by_latest(test, latest | {"all": ranks})
    weights = dict(zip(two_stage.models, trials[-1].weights, strict=True))
    return Outcome(
        test,
        two_stage,
        trials,
        answers,
        _metrics(config, inputs, training, test, answers)
        | {figures.weight(name): weight for name, weight in weights.items()}
        | _of_ratings(two_stage, inputs, protocol, test)
        | {"split_hash": inputs.split_hashes[protocol]},
        histories,
    )


def _of_ratings(two_stage: TwoStage, inputs: Inputs, protocol: str, cases: Cases) -> dict[str, float]:
    """How far user + film bias is off, and predicted ratings where a model predicts any."""
    biases = predicted_ratings.Biases(training_sequences(inputs.interactions, protocol), inputs.items)
    found = {predicted_ratings.BIAS: biases.predict(cases)}
    predicted = predicted_ratings.served(two_stage, cases)
    if predicted is not None:
        found[predicted_ratings.PREDICTED] = predicted
    return {
        f"{whose}_{error}": round(value, DIGITS)
        for whose, stars in found.items()
        for error, value in predicted_ratings.errors(stars, cases).items()
    }


def _metrics(
    config: EvaluationConfig,
    inputs: Inputs,
    training: pd.DataFrame,
    cases: Cases,
    answers: Mapping[str, Measured],
) -> dict[str, float | int | str]:
    """Every system's figures, and what the first stage lets the second one reach."""
    raters = np.bincount(training["item_idx"], minlength=inputs.items)
    users = training["user_idx"].nunique()
    metrics: dict[str, float | int | str] = {}
    for name, answer in answers.items():
        of_lists = (
            beyond_accuracy.coverage(answer.lists, inputs.items),
            beyond_accuracy.novelty(answer.lists, raters, users),
            beyond_accuracy.diversity(answer.lists, inputs.text_vectors),
        )
        own = {
            **rank_metrics(cases, answer.ranks, config.rank_metrics),
            **dict(zip(figures.OF_LISTS, of_lists, strict=True)),
        }
        metrics |= {f"{name}_{metric}": round(value, DIGITS) for metric, value in own.items()}
    retrieved = np.isfinite(answers[INTEGRATED].ranks).astype(np.float64)
    ceiling = float(by_user(cases.users, retrieved).mean())
    found = rank_metrics(cases, answers[INTEGRATED].ranks, ["recall_at_10"])["recall_at_10"]
    of_stages = (round(ceiling, DIGITS), round(ceiling - found, DIGITS))
    of_cases = (len(cases), len(np.unique(cases.users)))
    return (
        metrics
        | dict(zip(figures.OF_STAGES, of_stages, strict=True))
        | dict(zip(figures.OF_CASES, of_cases, strict=True))
    )
