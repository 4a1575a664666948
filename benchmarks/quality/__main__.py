"""How good the pipeline's systems are: python -m benchmarks.quality --dataset packaged|ml-latest-small|ml-1m --seeds 3

Runs the stages up to the evaluation in a temporary folder, with the committed settings and what the data set changes in
them (`quality/settings/`), and trains once a seed, each training in a process of its own. Every system and baseline is
measured under both protocols, and so is all together without the ranker, its weights chosen anew. For an experiment,
--set bert4rec.blocks=1 changes a setting, and --results names another file to write.
"""

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.quality.child import Cost, in_child
from benchmarks.quality.data_sets import DATA_SETS, prepare
from benchmarks.quality.measure import COMPARED, METRICS, WITHOUT, Measured, measure_all
from benchmarks.quality.settings import Settings, load
from benchmarks.quality.stages import make_tables, train_bert4rec, train_two_tower
from benchmarks.quality.summary import Figures, quotient, spreads, systems
from movie_genie.cli import run
from movie_genie.config import EvaluationConfig
from movie_genie.data.schemas import PROTOCOLS
from movie_genie.evaluation.systems import INTEGRATED
from movie_genie.files import read_json, write_json

RESULTS = Path("benchmarks/results")


def main() -> None:
    """Read the arguments, run everything, print the figures and write them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataset", choices=DATA_SETS, required=True)
    parser.add_argument("--seeds", type=int, default=1, help="how many; the first is the settings' own")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="where data sets lie")
    parser.add_argument("--configs", type=Path, default=Path("configs"))
    parser.add_argument(
        "--set", action="append", default=[], metavar="FILE.KEY=VALUE", help="instead of a committed setting"
    )
    parser.add_argument("--results", type=Path, help="the file to write")
    arguments = parser.parse_args()
    if arguments.set and not arguments.results:
        parser.error("--set: name another file by --results; the usual one is of the committed settings")
    if arguments.seeds < 1:
        parser.error("--seeds: expected at least 1")
    settings = load(arguments.configs, arguments.dataset, arguments.set)
    results = arguments.results or RESULTS / f"quality-{arguments.dataset}.json"
    with tempfile.TemporaryDirectory(prefix="quality-") as folder:
        root = Path(folder)
        print(f"{arguments.dataset}: tables", flush=True)
        prepare(arguments.dataset, arguments.data, arguments.configs, root)
        in_child(root, make_tables, settings, root)
        profile = read_json(root / "data/raw/profile.json")
        seeds = [_seed(settings.seeded(number), root) for number in range(arguments.seeds)]
    figures: Figures = {
        "dataset": arguments.dataset,
        "date": datetime.now(UTC).date().isoformat(),
        "seeds": [settings.bert4rec.seed + number for number in range(arguments.seeds)],
        "settings": arguments.set,
        **{name: profile[name] for name in ("ratings", "users", "films", "films_with_metadata")},
        **{
            protocol: protocol_figures([measured[protocol] for measured, _ in seeds], settings.evaluation)
            for protocol in PROTOCOLS
        },
        "trainings": {
            stage: spreads([costs[stage]._asdict() for _, costs in seeds]) for stage in seeds[0][1]
        },
    }
    _print(figures)
    write_json(results, figures)


def _seed(settings: Settings, root: Path) -> tuple[dict[str, Measured], dict[str, Cost]]:
    """Train both models and measure all; what an earlier seed trained is replaced."""
    costs: dict[str, Cost] = {}
    print(f"seed {settings.bert4rec.seed}: trainings", flush=True)
    _, costs["two_tower_training"] = in_child(root, train_two_tower, settings.two_tower, root)
    _, costs["bert4rec_training"] = in_child(root, train_bert4rec, settings.bert4rec, root)
    print(f"seed {settings.bert4rec.seed}: evaluation", flush=True)
    measured, _ = in_child(root, measure_all, settings.evaluation, root)
    return measured, costs


def protocol_figures(seeds: Sequence[Measured], config: EvaluationConfig) -> Figures:
    """One protocol's part of the results, from each seed's."""
    first = seeds[0]
    own: Figures = {
        "split_hash": first.split_hash,
        "cases": first.cases,
        "users": first.users,
        **systems([seed.systems for seed in seeds]),
        "ratings": systems([seed.ratings for seed in seeds]),
        "weights": {name: spreads([seed.weights[name] for seed in seeds]) for name in first.weights},
    }
    if WITHOUT in first.gains:
        ours, theirs = ([seed.gains[name] for seed in seeds] for name in (INTEGRATED, WITHOUT))
        samples, seed = config.bootstrap_samples, config.seed
        own["quotient_with_and_without"] = {COMPARED: quotient(ours, theirs, samples, seed)}
    return own


def _print(figures: Figures) -> None:
    for protocol in PROTOCOLS:
        own = figures[protocol]
        print(f"\n{protocol}: {own['cases']} cases of {own['users']} users, split {own['split_hash'][:16]}")
        print(f"{'':32}" + "".join(f"{metric:>15}" for metric in METRICS))
        for name, row in own.items():
            if isinstance(row, Mapping) and row.keys() == set(METRICS):
                print(f"{name:32}" + "".join(f"{row[metric]['mean']:15.4f}" for metric in METRICS))
        print(f"{'among the candidates':32}{own['candidates']['recall']['mean']:15.4f}")
        for name, errors in own["ratings"].items():
            print(f"{name:32}" + "".join(f"{kind:>9} {error['mean']:.4f}" for kind, error in errors.items()))
        if found := own.get("quotient_with_and_without"):
            one = found[COMPARED]
            print(f"with / without: {one['mean']:.3f}, 95 % of samples {one['low']:.3f} to {one['high']:.3f}")
    for stage, cost in figures["trainings"].items():
        print(f"{stage}: {cost['seconds']['mean']:.0f} s, {cost['peak_memory_mb']['mean']:.0f} MB")


if __name__ == "__main__":
    run(main)
