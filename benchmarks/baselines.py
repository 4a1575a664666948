"""How good and how fast the baselines are: python -m benchmarks.baselines [--processed DIR]

Any folder that `sequential_processing` wrote will do, so that MovieLens 1M can be held against published figures.
"""

import argparse
import time
from pathlib import Path

from threadpoolctl import threadpool_limits

from movie_genie.cli import run
from movie_genie.config import EvaluationConfig, load_config
from movie_genie.data import schemas
from movie_genie.evaluation.measure import measure, rank_metrics
from movie_genie.evaluation.protocols import held_out, training_events
from movie_genie.evaluation.systems import baseline
from movie_genie.files import read_json, write_json

BASELINES = ("popularity", "recent_popularity", "ease", "sequential_ridge")
RESULTS = Path("benchmarks/results/baselines.json")


def main() -> None:
    """Measure each baseline on the test cases of both protocols, on one thread."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processed", type=Path, default=Path("data/processed"))
    parser.add_argument("--config", type=Path, default=Path("configs/evaluation.yaml"))
    parser.add_argument("--ridge-lambda", type=float, help="instead of the configuration's")
    arguments = parser.parse_args()
    config = load_config(arguments.config, EvaluationConfig)
    if arguments.ridge_lambda:
        config = config.model_copy(update={"ridge_lambda": arguments.ridge_lambda})
    interactions = schemas.read_table(arguments.processed / "interactions.parquet", schemas.INTERACTIONS)
    items = len(schemas.read_arrow(arguments.processed / "vocabulary.parquet", schemas.VOCABULARY))
    splits = read_json(arguments.processed / "splits.json")
    figures: dict[str, dict[str, object]] = {}
    for protocol in schemas.PROTOCOLS:
        cases = held_out(interactions, protocol, schemas.TEST, config.temporal_cases_per_user)
        cases = cases.sample(config.most_cases, config.seed)
        split_hash = splits[f"{protocol}_hash"]
        print(f"\n{protocol}: {len(cases)} cases, {items} films, split {split_hash[:16]}")
        print(f"{'':20}{'NDCG@10':>9}{'R@10':>8}{'R@200':>8}{'MRR':>8}{'fit s':>8}{'ms/case':>9}")
        figures[protocol] = {"cases": len(cases), "films": items, "split_hash": split_hash}
        for name in BASELINES:
            started = time.perf_counter()
            system = baseline(name, config, training_events(interactions, protocol), items)
            fitted = time.perf_counter()
            ranks = measure(name, system, cases).ranks
            found = rank_metrics(cases, ranks, config.rank_metrics)
            seconds = fitted - started
            milliseconds = (time.perf_counter() - fitted) * 1000 / len(cases)
            figures[protocol][name] = {
                **{metric: round(value, 4) for metric, value in found.items()},
                "fit_seconds": round(seconds, 2),
                "milliseconds_per_case": round(milliseconds, 2),
            }
            print(
                f"{name:20}{found['ndcg_at_10']:9.4f}{found['recall_at_10']:8.3f}{found['recall_at_200']:8.3f}"
                f"{found['mrr']:8.4f}{seconds:8.1f}{milliseconds:9.2f}"
            )
    write_json(RESULTS, figures)


if __name__ == "__main__":
    with threadpool_limits(1, "blas"):
        run(main)
