"""How good and how fast the baselines are: python -m benchmarks.baselines [--project DIR]

Any folder will do whose data/processed holds what `sequential_processing` and `content_features` wrote, so that
MovieLens 1M can be held against published figures. Beside what evaluation calls baselines stand the models in closed
form, which read histories as the app does: liked films only.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from movie_genie.cli import run
from movie_genie.config import EvaluationConfig, TwoTowerConfig
from movie_genie.config_file import load_config
from movie_genie.data import schemas
from movie_genie.data.cases import Cases, held_out
from movie_genie.data.dataset import read_films, read_interactions, read_split_hashes
from movie_genie.evaluation.measure import System, measure, rank_metrics
from movie_genie.evaluation.systems import Alone, baselines
from movie_genie.files import write_json
from movie_genie.inference import models
from movie_genie.retrieval.train import ClosedForm, closed_forms
from movie_genie.training.examples import Content, Examples, content_of, examples_of

RESULTS = Path("benchmarks/results/baselines.json")


def main() -> None:
    """Measure each baseline on the test cases of both protocols, on one thread; times are the processor's."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--project", type=Path, default=Path(), help="whose data/processed is read")
    parser.add_argument("--configs", type=Path, default=Path("configs"))
    parser.add_argument("--results", type=Path, default=RESULTS, help="the file to write")
    arguments = parser.parse_args()
    config = load_config(arguments.configs / "evaluation.yaml", EvaluationConfig)
    forms = closed_forms(load_config(arguments.configs / "two_tower.yaml", TwoTowerConfig))
    interactions, films = read_interactions(arguments.project), read_films(arguments.project)
    content, hashes = content_of(films), read_split_hashes(arguments.project)
    figures: dict[str, dict[str, object]] = {}
    for protocol in schemas.PROTOCOLS:
        cases = held_out(interactions, protocol, schemas.TEST).sample(config.most_cases, config.seed)
        examples = examples_of(interactions, len(films), protocol)
        print(f"\n{protocol}: {len(cases)} cases, {len(films)} films, split {hashes[protocol][:16]}")
        print(f"{'':20}{'NDCG@10':>9}{'R@10':>8}{'R@200':>8}{'MRR':>8}{'fit s':>8}{'ms/case':>9}")
        figures[protocol] = {"cases": len(cases), "films": len(films), "split_hash": hashes[protocol]}
        for name, baseline in baselines(config).items():
            started = time.process_time()
            system = baseline(interactions, protocol, len(films))
            figures[protocol][name] = _measure(name, system, cases, config, time.process_time() - started)
        for form in forms:
            started = time.process_time()
            fitted = _fit(form, content, examples)
            figures[protocol][form.name] = _measure(
                form.name, fitted, cases, config, time.process_time() - started
            )
    write_json(arguments.results, figures)


def _fit(form: ClosedForm, content: Content, examples: Examples) -> System:
    """A model as training fits it and inference reads it."""
    with tempfile.TemporaryDirectory() as folder:
        form.fit_and_write(content, examples, Path(folder) / form.name)
        return Alone(models.load(Path(folder) / form.name))


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
