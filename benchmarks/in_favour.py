"""Which films shall models read that are not told of stars? `python -m benchmarks.in_favour`, after `make run`.

For each rule, `History.in_favour` by other bounds: NDCG@100 of validation, by which the weights are chosen anew, and
NDCG@10 of the test, of all models together and of the sequential ridge alone. Models are those of the last training.
To results/in_favour.json.
"""

from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from movie_genie import history
from movie_genie.cli import run
from movie_genie.config import EvaluationConfig
from movie_genie.config_file import load_config
from movie_genie.data.schemas import PROTOCOLS, TEST, VALIDATION
from movie_genie.evaluation.inputs import Inputs, load
from movie_genie.evaluation.measure import measure, rank_metrics
from movie_genie.evaluation.systems import Alone, Integrated
from movie_genie.evaluation.tuning import ask, tune
from movie_genie.files import write_json

RESULTS = Path("benchmarks/results/in_favour.json")
METRIC = "ndcg_at_10"
RIDGE = "sequential_ridge"

RULES = {
    "liked": (history.LIKED, 0),
    "not hated, if ten are liked": (history.NOT_HATED, history.KNOWN_BY),
    "not hated": (history.NOT_HATED, 0),
    "all, if ten are liked": (history.LOWEST, history.KNOWN_BY),
    "all": (history.LOWEST, 0),
}
"""The stars from which on a film counts, and the liked films that a viewer needs for that."""


def main() -> None:
    """Measure each rule, print and write."""
    config = load_config(Path("configs/evaluation.yaml"), EvaluationConfig)
    inputs = load(Path())
    found: dict[str, dict[str, dict[str, float]]] = {}
    for rule, (history.NOT_HATED, history.KNOWN_BY) in RULES.items():
        found[rule] = {protocol: _measured(config, inputs, protocol) for protocol in PROTOCOLS}
        print(f"{rule}: {found[rule]}", flush=True)
    write_json(RESULTS, found)


def _measured(config: EvaluationConfig, inputs: Inputs, protocol: str) -> dict[str, float]:
    validation, test = (inputs.cases(config, protocol, part) for part in (VALIDATION, TEST))
    two_stage = inputs.two_stage(protocol, config)
    best = tune(ask(two_stage, validation), validation, len(two_stage.models))[-1]
    systems = {
        "together": Integrated(two_stage.weighted(np.array(best.weights))),
        RIDGE: Alone(two_stage.models[RIDGE]),
    }
    figures = {
        name: dict(rank_metrics(test, measure(f"{protocol}, {name}", system, test).ranks, [METRIC]))[METRIC]
        for name, system in systems.items()
    }
    return {"validation": round(best.value, 4)} | {name: round(value, 4) for name, value in figures.items()}


if __name__ == "__main__":
    with threadpool_limits(1, "blas"):
        run(main)
