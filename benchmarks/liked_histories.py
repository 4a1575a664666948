"""Does it matter which films of a history the models read? `python -m benchmarks.liked_histories`, after `make run`.

Evaluation gives them all of a history, the app those that its viewer liked (`serving.recommender`): whoever gave a
horror film one star shall not get more of them. Both are measured on the same questions.
"""

from pathlib import Path

import numpy as np
from movie_genie.evaluation.material import load
from movie_genie.evaluation.protocols import held_out

from movie_genie.cli import run
from movie_genie.data import schemas
from movie_genie.engine.recommender import LIKED
from movie_genie.files import read_json

CUTOFF = 10
MOST_CASES = 1500
PER_USER = 20
PARTS = {"validation": schemas.VALIDATION, "test": schemas.TEST}


def main() -> None:
    """Print NDCG@10 with all films and with the liked ones, for each protocol and part."""
    material, chosen = load(Path()), read_json(Path("results/fusion.json"))
    stars = material.interactions["rating"].to_numpy()
    for protocol in schemas.PROTOCOLS:
        system = material.two_stage(protocol, float(chosen["fusion_weight"]), int(chosen["candidates"]))
        for part, number in PARTS.items():
            cases = held_out(material.interactions, protocol, number, PER_USER).sample(MOST_CASES, seed=1)
            gains = []
            for case in range(len(cases)):
                history, seen = cases.history(case), cases.seen(case)
                liked = history[stars[cases.starts[case] : cases.ends[case]] >= LIKED]
                gains.append(
                    [
                        _gain(system.recommend(films, CUTOFF, seen).items, cases.targets[case])
                        for films in (history, liked)
                    ]
                )
            everything, liked_only = np.mean(gains, axis=0)
            print(f"{protocol} {part}: all {everything:.4f}, liked {liked_only:.4f}, {len(cases)} cases")


def _gain(shown: np.ndarray, target: int) -> float:
    (place,) = np.nonzero(shown == target)
    return float(1 / np.log2(place[0] + 2)) if len(place) else 0.0


if __name__ == "__main__":
    run(main)
