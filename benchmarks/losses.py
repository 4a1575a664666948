"""The full softmax's loss, part by part, beside PyTorch's: `python -m benchmarks.losses`, one thread.

Each case runs in a process of its own, as memory that one took is not given back; writes milliseconds of a loss with
its gradients (the best of several) and the megabytes that it took at most, to results/losses.json.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from itertools import product
from pathlib import Path

from movie_genie.cli import run
from movie_genie.files import write_json

RESULTS = Path("benchmarks/results/losses.json")
EVENTS, DIMS, ITEMS, REPEATS = 4000, (64, 128), (3416, 9066), 7
NAMES = ("pytorch", "in_parts")


def main() -> None:
    """Read the arguments, measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--case", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.case:
        name, dim, items = arguments.case
        print(json.dumps(measure(name, int(dim), int(items))))
    else:
        run(compare)


def compare() -> None:
    """Measure all cases and write them."""
    cases = []
    for dim, items in product(DIMS, ITEMS):
        case: dict[str, object] = {"dim": dim, "items": items}
        for name in NAMES:
            command = [sys.executable, "-m", "benchmarks.losses", "--case", name, str(dim), str(items)]
            found = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            case[name] = json.loads(found)
        print(case)
        cases.append(case)
    write_json(RESULTS, {"events": EVENTS, "threads": 1, "cases": cases})


def measure(name: str, dim: int, items: int) -> dict[str, float]:
    """Milliseconds and megabytes of one loss with its gradients."""
    import torch
    import torch.nn.functional as F

    from movie_genie.training.losses import softmax_loss

    torch.set_num_threads(1)
    torch.manual_seed(0)
    states = torch.randn(EVENTS, dim, requires_grad=True)
    vectors, bias = torch.randn(items, dim, requires_grad=True), torch.zeros(items, requires_grad=True)
    targets = torch.randint(items, (EVENTS,))

    def loss(events: int) -> None:
        given = states[:events], vectors, bias, targets[:events]
        if name == "in_parts":
            found = softmax_loss(*given)
        else:
            found = F.cross_entropy(torch.addmm(bias, given[0], vectors.T), given[3])
        torch.autograd.grad(found, (states, vectors, bias))

    loss(1)  # what the libraries take for themselves
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = []
    for _ in range(REPEATS):
        begun = time.thread_time()
        loss(EVENTS)
        seconds.append(time.thread_time() - begun)
    megabytes = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return {"milliseconds": round(min(seconds) * 1e3, 1), "megabytes": round(megabytes)}


if __name__ == "__main__":
    main()
