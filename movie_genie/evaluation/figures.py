"""What the figures of an evaluation are called, and which of them the gate may ask for."""

from collections import Counter

from movie_genie.config import EvaluationConfig
from movie_genie.errors import UserError
from movie_genie.evaluation.gate import INCUMBENT, NUMBER
from movie_genie.evaluation.predicted_ratings import BIAS, ERRORS, PREDICTED
from movie_genie.evaluation.systems import INTEGRATED, names

OF_LISTS = ("coverage_at_10", "novelty_at_10", "diversity_at_10")
"""Of the ten best films that a system gives each case."""

OF_STAGES = ("retrieval_ceiling", "ranking_loss_at_10")
"""What the sources let the order reach: the share of targets among the candidates, and how much of that share the first
ten films miss."""

OF_CASES = ("cases", "users")

OF_RATINGS = tuple(f"{whose}_{error}" for whose in (PREDICTED, BIAS) for error in ERRORS)
"""How far predicted ratings, and user + film bias, are off."""

LATENCY = (f"{INTEGRATED}_latency_ms_p50", f"{INTEGRATED}_latency_ms_p99")
SECONDS = "evaluation_time_seconds"

OF_THE_RUN = (*LATENCY, SECONDS)


def of_a_system(config: EvaluationConfig) -> list[str]:
    """Figures that every system has."""
    return [*config.rank_metrics, *OF_LISTS]


def of_a_protocol(config: EvaluationConfig) -> list[str]:
    """Figures that a protocol has as a whole."""
    return [*OF_STAGES, *OF_CASES, *OF_RATINGS, *map(weight, config.models)]


def weight(model: str) -> str:
    """How much a model counts."""
    return f"{model}_weight"


def check_predicted(config: EvaluationConfig, predicted: bool) -> None:
    """See that no check asks for predicted ratings where no model predicts any.

    Raises
    ------
    UserError
    """
    for number, check in enumerate(config.gate):
        if not predicted and check.metric.startswith(f"{PREDICTED}_"):
            raise UserError(
                f"configs/evaluation.yaml: gate.{number}.metric: {check.metric!r} is not measured, as none of "
                f"{', '.join(config.models)} predicts ratings"
            )


def check_names(config: EvaluationConfig) -> None:
    """See that each check asks for something that is measured, before anything is.

    Raises
    ------
    UserError
    """
    others = [NUMBER, INCUMBENT, *names(config)]
    if twice := [name for name, times in Counter(others).items() if times > 1]:
        raise UserError(
            f"configs/evaluation.yaml: {twice[0]!r} is no name for a model, as it means something else"
        )
    others.remove(INTEGRATED)
    for number, check in enumerate(config.gate):
        if check.protocol is None:
            metrics = [*OF_THE_RUN]
        else:
            metrics = of_a_system(config)
            # Only a system has these: what is measured of the protocol as a whole has nothing to be compared with.
            metrics += of_a_protocol(config) if check.against == NUMBER else []
        for key, found, known in (("against", check.against, others), ("metric", check.metric, metrics)):
            if found not in known:
                raise UserError(
                    f"configs/evaluation.yaml: gate.{number}.{key}: expected one of {', '.join(known)}, got {found!r}"
                )
