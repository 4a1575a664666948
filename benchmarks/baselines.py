"""How good and how fast the baselines are: python -m benchmarks.baselines [--processed DIR]

Any folder that `sequential_processing` wrote will do, so that MovieLens 1M can be held against published figures.
Beside what evaluation calls baselines stands the sequential ridge, which is a candidate source too.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import pandas as pd
from threadpoolctl import threadpool_limits

from movie_genie.cli import run
from movie_genie.config import EvaluationConfig, TwoTowerConfig
from movie_genie.config_file import load_config
from movie_genie.data import schemas
from movie_genie.data.cases import Cases, held_out
from movie_genie.evaluation.measure import System, measure, rank_metrics
from movie_genie.evaluation.systems import Alone, baselines
from movie_genie.files import read_json, write_json
from movie_genie.inference.followers import Followers
from movie_genie.retrieval.sequential_ridge import SequentialRidge, fit
from movie_genie.retrieval.train import closed_forms
from movie_genie.training.examples import examples_of

RESULTS = Path("benchmarks/results/baselines.json")


def main() -> None:
    """Measure each baseline on the test cases of both protocols, on one thread; times are the processor's."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--processed", type=Path, default=Path("data/processed"))
    parser.add_argument("--configs", type=Path, default=Path("configs"))
    parser.add_argument("--regularisation", type=float, help="of the ridge, instead of the configuration's")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the file to write")
    arguments = parser.parse_args()
    config = load_config(arguments.configs / "evaluation.yaml", EvaluationConfig)
    two_tower = load_config(arguments.configs / "two_tower.yaml", TwoTowerConfig)
    ridges = [form for form in closed_forms(two_tower) if isinstance(form, SequentialRidge)]
    if arguments.regularisation:
        ridges = [ridge.model_copy(update={"regularisation": arguments.regularisation}) for ridge in ridges]
    interactions = schemas.read_table(arguments.processed / "interactions.parquet", schemas.INTERACTIONS)
    items = len(schemas.read_arrow(arguments.processed / "vocabulary.parquet", schemas.VOCABULARY))
    splits = read_json(arguments.processed / "splits.json")
    figures: dict[str, dict[str, object]] = {}
    for protocol in schemas.PROTOCOLS:
        cases = held_out(interactions, protocol, schemas.TEST).sample(config.most_cases, config.seed)
        split_hash = splits[f"{protocol}_hash"]
        print(f"\n{protocol}: {len(cases)} cases, {items} films, split {split_hash[:16]}")
        print(f"{'':20}{'NDCG@10':>9}{'R@10':>8}{'R@200':>8}{'MRR':>8}{'fit s':>8}{'ms/case':>9}")
        figures[protocol] = {"cases": len(cases), "films": items, "split_hash": split_hash}
        for name, baseline in baselines(config).items():
            started = time.process_time()
            system = baseline(interactions, protocol, items)
            figures[protocol][name] = _measure(name, system, cases, config, time.process_time() - started)
        for ridge in ridges:
            started = time.process_time()
            system = _fit(ridge, interactions, items, protocol)
            figures[protocol][ridge.name] = _measure(
                ridge.name, system, cases, config, time.process_time() - started
            )
    write_json(arguments.results, figures)


def _fit(config: SequentialRidge, interactions: pd.DataFrame, items: int, protocol: str) -> System:
    """The ridge as training fits it and inference reads it."""
    sequences = [own.items for own in examples_of(interactions, items, protocol).sequences]
    return Alone(Followers(*fit(config, sequences, items), config.decay, config.window))


def _measure(
    name: str, system: System, cases: Cases, config: EvaluationConfig, seconds: float
) -> dict[str, Any]:  # Any: a JSON document
    """Ask a system every case, print its line and give its figures; `seconds` is what fitting it took."""
    started = time.process_time()
    ranks = measure(name, system, cases).ranks
    milliseconds = (time.process_time() - started) * 1000 / len(cases)
    found = rank_metrics(cases, ranks, config.rank_metrics)
    print(
        f"{name:20}{found['ndcg_at_10']:9.4f}{found['recall_at_10']:8.3f}{found['recall_at_200']:8.3f}"
        f"{found['mrr']:8.4f}{seconds:8.1f}{milliseconds:9.2f}"
    )
    return {
        **{metric: round(value, 4) for metric, value in found.items()},
        "fit_seconds": round(seconds, 2),
        "milliseconds_per_case": round(milliseconds, 2),
    }


if __name__ == "__main__":
    with threadpool_limits(1, "blas"):
        run(main)
