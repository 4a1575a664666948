"""Does it matter that the models know what a viewer disliked? `python -m benchmarks.liked_histories`, after `make run`.

The sources read the films that were liked, the ranker how each was rated: whoever gave a horror film one star shall not
get more of them. Beside that stands what they say if all films had got five stars, on the same questions.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from movie_genie.artifacts import RECIPE, RESULTS, model_folders
from movie_genie.cli import run
from movie_genie.config import EvaluationConfig
from movie_genie.config_file import load_config
from movie_genie.data import dataset, schemas
from movie_genie.data.cases import Cases, held_out
from movie_genie.evaluation.measure import by_user
from movie_genie.files import read_json, write_json
from movie_genie.history import HIGHEST, History
from movie_genie.inference.two_stage import TwoStage

FIGURES = Path("benchmarks/results/liked_histories.json")
CUTOFF = 10
PARTS = {"validation": schemas.VALIDATION, "test": schemas.TEST}


def main() -> None:
    """Print NDCG@10 with all films liked and with them rated as they were, for each protocol and part."""
    root, recipe = Path(), Path(RESULTS) / RECIPE
    config = load_config(Path("configs/evaluation.yaml"), EvaluationConfig)
    interactions = dataset.read_interactions(root)
    figures: dict[str, dict[str, object]] = {}
    for protocol in schemas.PROTOCOLS:
        two_stage = TwoStage.of_recipe(read_json(recipe), model_folders(root, protocol), recipe)
        figures[protocol] = {}
        for part, number in PARTS.items():
            cases = held_out(interactions, protocol, number).sample(config.most_cases, config.seed)
            rated = cases.histories()
            liked = [replace(own, stars=np.full_like(own.stars, HIGHEST)) for own in rated]
            found = {
                "all_liked": _ndcg(two_stage, cases, liked),
                "as_rated": _ndcg(two_stage, cases, rated),
            }
            figures[protocol][part] = {
                **{films: round(value, 4) for films, value in found.items()},
                "cases": len(cases),
            }
            print(
                f"{protocol} {part}: all liked {found['all_liked']:.4f}, as rated {found['as_rated']:.4f}, "
                f"{len(cases)} cases"
            )
    write_json(FIGURES, figures)


def _ndcg(two_stage: TwoStage, cases: Cases, histories: list[History]) -> float:
    """NDCG@CUTOFF of the cases' targets, where the models read these histories."""
    gains = np.zeros(len(cases))
    for case, history in enumerate(histories):
        shown = two_stage.recommend(history, CUTOFF, cases.seen(case)).items
        (place,) = np.nonzero(shown == cases.targets[case])
        gains[case] = 1 / np.log2(place[0] + 2) if len(place) else 0.0
    return float(by_user(cases.users, gains).mean())


if __name__ == "__main__":
    with threadpool_limits(1, "blas"):
        run(main)
