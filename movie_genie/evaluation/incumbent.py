"""How the release now serving does on the candidate's cases: the gate's last comparison."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from movie_genie.artifacts import CATALOGUE_FILE, METRICS, RANKS
from movie_genie.data.cases import Cases
from movie_genie.data.schemas import PER_USER, RELEASED, read_table
from movie_genie.errors import UserError
from movie_genie.evaluation.gate import Incumbent, Pair
from movie_genie.evaluation.measure import Scores, measure
from movie_genie.evaluation.systems import INTEGRATED
from movie_genie.files import read_json
from movie_genie.history import History
from movie_genie.inference.two_stage import TwoStage
from movie_genie.metrics import Ranks

log = logging.getLogger(__name__)

REASON_LENGTH = 300
"""So many characters of an error are told: the runtime's can be long."""


def compare(
    releases: Path,
    cases: Mapping[str, Cases],
    ranks: Mapping[str, Ranks],
    split_hashes: Mapping[str, str],
    movie_ids: NDArray[np.int64],
) -> Incumbent | None:
    """Pair the candidate's ranks with those of `releases`/current; None where no release is in use.

    On the split that the release was measured on, its own ranks are read. On any other (new ratings came in),
    its models answer the new questions. A release that cannot be read is named in the verdict, and fails no
    gate: otherwise a broken one could never be replaced.

    Parameters
    ----------
    cases, ranks, split_hashes
        For each protocol: the test cases, the integrated system's ranks of them, the split's hash.
    movie_ids : (items,) int64
        The vocabulary of `cases`.
    """
    folder = releases / "current"
    if not folder.exists():
        return None
    pairs: dict[str, Pair | str] = {}
    for protocol, asked in cases.items():
        try:
            theirs, how = _ranks(folder, protocol, asked, split_hashes[protocol], movie_ids)
            pairs[protocol] = Pair(asked.users, ranks[protocol], theirs, how)
        # Whatever broke, or its age. So broad because the runtime's errors share no other type, and because one that
        # escaped would stop every evaluation until somebody mended the release.
        except Exception as error:
            if not isinstance(error, UserError):
                log.warning("the release in use could not be asked (%s)", protocol, exc_info=True)
            reason = " ".join(str(error).split()) or type(error).__name__
            pairs[protocol] = f"not comparable: {reason[:REASON_LENGTH]}"
    return Incumbent(folder.resolve().name, pairs)


def _ranks(
    folder: Path, protocol: str, cases: Cases, split_hash: str, movie_ids: NDArray[np.int64]
) -> tuple[Ranks, str]:
    """Ranks that the release gives the targets, and where they are from."""
    if read_json(folder / METRICS).get(f"{protocol}_split_hash") == split_hash:
        path = folder / RANKS
        table = read_table(path, PER_USER)
        rows = table[(table["protocol"] == protocol) & (table["system"] == INTEGRATED)]
        if np.array_equal(rows["user_idx"], cases.users) and np.array_equal(rows["item_idx"], cases.targets):
            own = rows["rank"].to_numpy()
            # Every comparison with NaN is false: the candidate would fail, however good.
            if not (own >= 0).all():
                raise UserError(f"{path}: holds ranks that are no numbers from 0 on")
            return own, "its own ranks on the same split"
    if protocol != RELEASED:
        raise UserError("it was measured on other cases, and a release carries no weights for this protocol")
    answers = measure("release in use", _Release(folder, movie_ids), cases)
    return answers.ranks, "its models on this split, as it was measured on another"


class _Release:
    """A release's models, asked in the candidate's numbering of films."""

    def __init__(self, folder: Path, movie_ids: NDArray[np.int64]) -> None:
        self.two_stage = TwoStage.of_release(folder)
        theirs = _movie_ids(folder / CATALOGUE_FILE)
        # Compiled code reads the models at the catalogue's places, and does not look whether they are there.
        if self.two_stage.items != len(theirs):
            raise UserError(
                f"{folder}: its models know {self.two_stage.items} films, its catalogue {len(theirs)}: "
                "vocabularies differ"
            )
        self.to_theirs = _places(theirs, movie_ids)
        self.to_ours = _places(movie_ids, theirs)

    def scores(self, cases: Cases) -> Scores:
        """See System. Films that the release does not know are left out of histories and lists."""
        scores = np.full((len(cases), len(self.to_theirs)), -np.inf, np.float32)
        histories = [self._known(history) for history in cases.histories()]
        seen = [self.to_theirs[films] for films in cases.all_seen()]
        found = self.two_stage.candidates(histories, [films[films >= 0] for films in seen])
        for row, candidates in zip(scores, found, strict=True):
            items = self.to_ours[candidates.items]
            row[items[items >= 0]] = self.two_stage.fused(candidates)[items >= 0]
        return scores

    def _known(self, history: History) -> History:
        theirs = replace(history, items=self.to_theirs[history.items])
        return theirs.taken(theirs.items >= 0)


def _movie_ids(path: Path) -> NDArray[np.int64]:
    try:
        with pa.OSFile(str(path)) as file:
            return np.asarray(pa.ipc.open_file(file).read_all()["movie_id"], np.int64)
    except (OSError, KeyError, pa.ArrowInvalid) as error:
        raise UserError(f"{path}: not a readable catalogue: {error}") from error


def _places(ids: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Row of each wanted id in the sorted `ids`, -1 where it is missing: (wanted,)."""
    rows = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return np.where(ids[rows] == wanted, rows, -1)
