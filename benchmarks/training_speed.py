"""How fast both models train: `python -m benchmarks.training_speed`, after `make run`, on the processed data.

Of each model writes seconds and tokens (ratings) of an epoch, and its share of a plain matrix product's speed: the
floating point operations that PyTorch counts in an epoch's products, over seconds, over those of a float32 product of
the same process. To results/training_speed.json.

With `--peer rectools --peer-python PATH` it trains BERT4Rec and RecTools' transformer in turns instead, at RecTools'
size and on the same ratings (peers/comparison.py), and writes what they took beside the other figures. PATH is the
Python of an environment with `rectools[torch]`, which goes together with older packages than ours.
"""

import argparse
import logging
from pathlib import Path

import torch

from benchmarks.epochs import Build, Training
from benchmarks.peers.comparison import compare
from benchmarks.product import product_speed
from movie_genie.cli import run
from movie_genie.config import Bert4RecConfig, TrainingConfig, TwoTowerConfig
from movie_genie.config_file import load_config
from movie_genie.data.dataset import read_films, read_interactions
from movie_genie.files import read_json, write_json
from movie_genie.ranking.bert4rec import Bert4Rec
from movie_genie.retrieval.two_tower import TwoTower
from movie_genie.training.device import choose_device
from movie_genie.training.loop import make_deterministic

RESULTS = Path("benchmarks/results/training_speed.json")
PEERS = ("rectools",)


def main() -> None:
    """Read the arguments, measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--project", type=Path, default=Path(), help="whose data/processed is read")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--threads", type=int, help="default: as the configurations say")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the file to write")
    parser.add_argument("--peer", choices=PEERS, help="compare with it, and measure nothing else")
    parser.add_argument("--peer-python", type=Path, metavar="PATH", help="where it is installed")
    parser.add_argument(
        "--objective", choices=("causal", "cloze"), help="with --peer; default: as configured"
    )
    arguments = parser.parse_args()
    if bool(arguments.peer) != bool(arguments.peer_python):
        parser.error("--peer and --peer-python: expected both or none")
    if arguments.objective and not arguments.peer:
        parser.error("--objective: expected --peer too")
    if arguments.epochs < 1:
        parser.error("--epochs: expected at least 1")

    def command() -> None:
        logging.getLogger().setLevel(logging.WARNING)
        kept = read_json(arguments.results) if arguments.results.exists() else {}
        if arguments.peer:
            objective = {"objective": arguments.objective} if arguments.objective else {}
            config = _configured(Bert4RecConfig, "bert4rec", 1, arguments.threads).model_copy(
                update=objective
            )
            found = {"peer": compare(arguments.project, config, arguments.peer_python, arguments.epochs)}
        else:
            found = measure(arguments.project, arguments.epochs, arguments.threads)
        print(found)
        write_json(arguments.results, kept | found)

    run(command)


def measure(project: Path, epochs: int, threads: int | None) -> dict[str, object]:
    """Speeds of both models, by name, and of the matrix product."""
    two_tower = _configured(TwoTowerConfig, "two_tower", epochs, threads)
    bert4rec = _configured(Bert4RecConfig, "bert4rec", epochs, threads)
    make_deterministic(bert4rec)
    product = product_speed(choose_device(bert4rec.device))
    models: list[tuple[str, TrainingConfig, Build]] = [
        ("two_tower", two_tower, lambda features, _: TwoTower(features, two_tower)),
        ("bert4rec", bert4rec, lambda features, usual: Bert4Rec(features, usual, bert4rec)),
    ]
    return {
        "threads": torch.get_num_threads(),
        "product_gflops": round(product / 1e9, 1),
        **{name: speed(project, config, build, product) for name, config, build in models},
    }


def _configured(kind: type, name: str, epochs: int, threads: int | None) -> TrainingConfig:
    changes = {"max_epochs": epochs, "patience": epochs} | ({"threads": threads} if threads else {})
    return load_config(Path(f"configs/{name}.yaml"), kind).model_copy(update=changes)


def speed(project: Path, config: TrainingConfig, build: Build, product: float) -> dict[str, float]:
    """One model's seconds and tokens of an epoch, and its share of the product's speed."""
    training = Training.of(build, read_interactions(project), read_films(project))
    operations = training.operations(config)  # also warms up
    seconds = training.seconds(config)
    return {
        "seconds_per_epoch": round(seconds, 2),
        "tokens_per_second": round(training.ratings / seconds),
        "gflop_per_epoch": round(operations / 1e9, 1),
        "share_of_matmul_speed": round(operations / seconds / product, 3),
    }


if __name__ == "__main__":
    main()
