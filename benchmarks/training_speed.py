"""How fast both models train: `python -m benchmarks.training_speed`, after `make run`, on the processed data.

Of each model writes seconds and tokens (ratings) of an epoch, and its share of a plain matrix product's speed: the
floating point operations that PyTorch counts in an epoch's products, over seconds, over those of a float32 product of
the same process. To results/training_speed.json.
"""

import argparse
import logging
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from movie_genie.cli import run
from movie_genie.config import Bert4RecConfig, TrainingConfig, TwoTowerConfig
from movie_genie.config_file import load_config
from movie_genie.data.dataset import read_films, read_interactions
from movie_genie.data.schemas import RELEASED, TRAIN
from movie_genie.files import write_json
from movie_genie.ranking.bert4rec import Bert4Rec
from movie_genie.retrieval.two_tower import TwoTower
from movie_genie.training.checkpoint import Checkpoint
from movie_genie.training.device import choose_device
from movie_genie.training.examples import content_of, examples_of
from movie_genie.training.item_tower import Features
from movie_genie.training.loop import make_deterministic
from movie_genie.training.model import SequenceModel
from movie_genie.training.run import train_one

RESULTS = Path("benchmarks/results/training_speed.json")
SIZE, PRODUCTS = 2048, 5

Build = Callable[[Features, torch.Tensor], SequenceModel]


def main() -> None:
    """Read the arguments, measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--project", type=Path, default=Path(), help="whose data/processed is read")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--threads", type=int, help="default: as the configurations say")
    arguments = parser.parse_args()

    def command() -> None:
        logging.getLogger().setLevel(logging.WARNING)
        found = measure(arguments.project, arguments.epochs, arguments.threads)
        print(found)
        write_json(RESULTS, found)

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


def product_speed(device: torch.device) -> float:
    """Floating point operations a second of a large float32 matrix product, the best of several."""
    one = torch.randn(SIZE, SIZE, device=device)
    seconds = []
    for _ in range(PRODUCTS):
        begun = time.perf_counter()
        float((one @ one)[0, 0])  # a GPU answers when it is done
        seconds.append(time.perf_counter() - begun)
    return 2 * SIZE**3 / min(seconds)


def speed(project: Path, config: TrainingConfig, build: Build, product: float) -> dict[str, float]:
    """One model's seconds and tokens of an epoch, and its share of the product's speed."""
    interactions, films = read_interactions(project), read_films(project)
    content, examples = content_of(films), examples_of(interactions, len(films), RELEASED)
    tokens = int((interactions[RELEASED] == TRAIN).sum())
    # One case, as the time of a validation is not asked for.
    examples = replace(examples, validation=examples.validation.take(slice(1)))

    def train(config: TrainingConfig) -> float:
        make_deterministic(config)
        device = choose_device(config.device)
        model = build(Features.of(content, examples), torch.from_numpy(examples.usual_stars)).to(device)
        with tempfile.TemporaryDirectory() as folder:
            checkpoint = Checkpoint(Path(folder) / "checkpoint", "")
            result = train_one(model, examples, config, "speed", lambda row, epoch: None, device, checkpoint)
        return result.seconds / len(result.curve)

    with FlopCounterMode(display=False) as counter:  # also warms up
        train(config.model_copy(update={"max_epochs": 1}))
    seconds = train(config)
    return {
        "seconds_per_epoch": round(seconds, 2),
        "tokens_per_second": round(tokens / seconds),
        "gflop_per_epoch": round(counter.get_total_flops() / 1e9, 1),
        "share_of_matmul_speed": round(counter.get_total_flops() / seconds / product, 3),
    }


if __name__ == "__main__":
    main()
