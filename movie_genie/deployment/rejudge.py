"""The gate's comparison with the release in service, made again from what an earlier evaluation left.

A verdict holds against the release that was in service when it was given; another may be by now.
"""

from pathlib import Path

from threadpoolctl import threadpool_limits

from movie_genie.artifacts import RANKS, RESULTS
from movie_genie.config import EvaluationConfig
from movie_genie.data import schemas
from movie_genie.data.cases import Cases
from movie_genie.errors import UserError
from movie_genie.evaluation import gate, incumbent
from movie_genie.evaluation import inputs as evaluation_inputs
from movie_genie.evaluation.measure import rank_metrics
from movie_genie.evaluation.systems import INTEGRATED
from movie_genie.metrics import Ranks


def failures_against(releases: Path, config: EvaluationConfig, root: Path) -> list[str]:
    """Say of each required check that `releases`/current makes the evaluated models fail, what was asked.

    The models' own ranks are those in `root`/results/per_user.parquet; they are not asked again.

    Raises
    ------
    UserError
        When a table is missing, or the ranks are of other cases than the data's.
    """
    checks = [check for check in config.gate if check.against == gate.INCUMBENT]
    if not checks:
        return []
    inputs = evaluation_inputs.load(root)
    protocols = sorted({check.protocol for check in checks if check.protocol is not None})
    cases: dict[str, Cases] = {
        protocol: inputs.cases(config, protocol, schemas.TEST) for protocol in protocols
    }
    ranks = _ranks(root / RESULTS / RANKS, cases)
    # As the evaluation does: one thread gives the same bytes on any number of cores.
    with threadpool_limits(1, "blas"):
        serving = incumbent.compare(releases, cases, ranks, inputs.split_hashes, inputs.movie_ids)
    metrics = {
        f"{protocol}_{INTEGRATED}_{metric}": value
        for protocol in protocols
        for metric, value in rank_metrics(cases[protocol], ranks[protocol], config.rank_metrics).items()
    }
    verdict = gate.judge(
        checks,
        metrics,
        serving,
        samples=config.bootstrap_samples,
        confidence=config.incumbent_confidence,
        seed=config.seed,
    )
    return gate.failures(verdict)


def _ranks(path: Path, cases: dict[str, Cases]) -> dict[str, Ranks]:
    """For each protocol the integrated system's ranks of its cases.

    Raises
    ------
    UserError
        When the table speaks of other cases.
    """
    table = schemas.read_table(path, schemas.PER_USER)
    ranks = {}
    for protocol, asked in cases.items():
        rows = table[(table["protocol"] == protocol) & (table["system"] == INTEGRATED)]
        if rows["user_idx"].tolist() != asked.users.tolist() or (
            rows["item_idx"].tolist() != asked.targets.tolist()
        ):
            raise UserError(f"{path}: is of other {protocol} cases than the data's; run the evaluation again")
        ranks[protocol] = rows["rank"].to_numpy()
    return ranks
