"""One protocol from beginning to end: the fusion weight chosen on validation, every system tested."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from movie_genie.config import EvaluationConfig
from movie_genie.data.schemas import PROTOCOLS, TEST, VALIDATION
from movie_genie.errors import UserError
from movie_genie.evaluation import beyond_accuracy
from movie_genie.evaluation.breakdown import Row, by_latest, by_length
from movie_genie.evaluation.material import Material
from movie_genie.evaluation.measure import Measured, by_user, measure, rank_metrics
from movie_genie.evaluation.models import ndcg_by_weight
from movie_genie.evaluation.protocols import Cases, held_out, training_events
from movie_genie.evaluation.systems import SYSTEMS, build
from movie_genie.metrics import Ranks
from movie_genie.ranking.two_stage import TwoStage

log = logging.getLogger(__name__)

RELEASED = PROTOCOLS[0]
"""The protocol whose models viewers get."""

DIGITS = 6
"""Decimals of the figures that are written."""


@dataclass(frozen=True)
class Outcome:
    """What one protocol showed."""

    cases: Cases
    """The test's."""
    two_stage: TwoStage
    """With the weight that validation chose."""
    validation_ndcg: Mapping[float, float]
    """By fusion weight."""
    answers: Mapping[str, Measured]
    """Each system's, by its name in SYSTEMS."""
    metrics: Mapping[str, float | int | str]
    """`{system}_{metric}`, and some of the protocol as a whole."""
    histories: list[Row]


def evaluate_protocol(config: EvaluationConfig, material: Material, protocol: str) -> Outcome:
    """Choose the fusion weight on the validation cases, then ask every system the test's.

    Raises
    ------
    UserError
        When a part of the split holds no case, or a model is missing or broken.
    """
    validation = _cases(config, material, protocol, VALIDATION)
    test = _cases(config, material, protocol, TEST)
    log.info("%s: %d validation cases, %d test cases", protocol, len(validation), len(test))
    ndcg = ndcg_by_weight(
        material.two_stage(protocol, 0.0, config.candidates), validation, config.fusion_weights
    )
    chosen = config.fusion_weights[int(np.argmax(ndcg))]  # the first of equals
    two_stage = material.two_stage(protocol, chosen, config.candidates)
    training = training_events(material.interactions, protocol)
    answers: dict[str, Measured] = {}
    # Newcomers are asked of the released models only: under the other protocol most users are new anyway.
    newcomer_lengths = config.newcomer_lengths if protocol == RELEASED else []
    latest: dict[str, dict[str, Ranks]] = {str(films): {} for films in newcomer_lengths}
    for name in SYSTEMS:
        system = build(name, config, two_stage, training)
        answers[name] = measure(f"{protocol}, {name}", system, test)
        for films in newcomer_lengths:
            label = f"{protocol}, {name}, latest {films}"
            latest[str(films)][name] = measure(label, system, test.cut(films)).ranks
    ranks = {name: answer.ranks for name, answer in answers.items()}
    histories = by_length(test, ranks, config.history_length_bins)
    if latest:
        histories += by_latest(test, latest | {"all": ranks})
    return Outcome(
        test,
        two_stage,
        dict(zip(config.fusion_weights, ndcg, strict=True)),
        answers,
        _metrics(config, material, training, test, answers)
        | {"fusion_weight": chosen, "split_hash": material.split_hashes[protocol]},
        histories,
    )


def _cases(config: EvaluationConfig, material: Material, protocol: str, part: int) -> Cases:
    cases = held_out(material.interactions, protocol, part, config.temporal_cases_per_user)
    if not len(cases):
        name = "validation" if part == VALIDATION else "test"
        raise UserError(
            f"data/processed/interactions.parquet: no {name} case under {protocol}: no user has a rating in "
            "that part and one before it; add ratings, or raise the part's share in configs/sequences.yaml"
        )
    return cases.sample(config.most_cases, config.seed)


def _metrics(
    config: EvaluationConfig,
    material: Material,
    training: pd.DataFrame,
    cases: Cases,
    answers: Mapping[str, Measured],
) -> dict[str, float | int | str]:
    """Every system's figures, and what the first stage lets the second one reach."""
    raters = np.bincount(training["item_idx"], minlength=material.items)
    users = training["user_idx"].nunique()
    metrics: dict[str, float | int | str] = {}
    for name, answer in answers.items():
        figures = {
            **rank_metrics(cases, answer.ranks, config.rank_metrics),
            "coverage_at_10": beyond_accuracy.coverage(answer.lists, material.items),
            "novelty_at_10": beyond_accuracy.novelty(answer.lists, raters, users),
            "diversity_at_10": beyond_accuracy.diversity(answer.lists, material.text_vectors),
        }
        metrics |= {f"{name}_{metric}": round(value, DIGITS) for metric, value in figures.items()}
    retrieved = np.isfinite(answers["integrated"].ranks).astype(np.float64)
    ceiling = float(by_user(cases.users, retrieved).mean())
    found = rank_metrics(cases, answers["integrated"].ranks, ["recall_at_10"])["recall_at_10"]
    return metrics | {
        "retrieval_ceiling": round(ceiling, DIGITS),
        "ranking_loss_at_10": round(ceiling - found, DIGITS),
        "cases": len(cases),
        "users": len(np.unique(cases.users)),
    }
