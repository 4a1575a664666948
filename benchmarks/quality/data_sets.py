"""The data sets that figures are published for, brought into a folder in which the pipeline can run."""

import shutil
from pathlib import Path

import pandas as pd

from movie_genie.data.choose import choose
from movie_genie.errors import UserError

PACKAGED, LATEST_SMALL, ONE_M = "packaged", "ml-latest-small", "ml-1m"
DATA_SETS = (PACKAGED, LATEST_SMALL, ONE_M)

FEWEST_RATINGS = 5
"""Films of ml-1m with fewer are dropped, as in the literature: 6,040 users, 3,416 films, 999,611 ratings are left."""

CONFIG = Path("configs/data.yaml")


def prepare(name: str, data: Path, configs: Path, root: Path) -> None:
    """Write `root`/configs/data.yaml, which pins the data set as `make data` would.

    Parameters
    ----------
    data
        Holds `ml-latest-small/`, `ml-1m/`, and `tmdb/` with the metadata of both; the packaged set needs none.
    configs
        The committed settings.

    Raises
    ------
    UserError
        When a file is missing.
    """
    (root / CONFIG).parent.mkdir(parents=True)
    shutil.copyfile(configs / CONFIG.name, root / CONFIG)
    if name == PACKAGED:
        choose(PACKAGED, None, None, config=root / CONFIG, root=root)
        return
    folder, metadata = (data / name).resolve(), (data / "tmdb" / f"{name}_tmdb.jsonl.gz").resolve()
    if name == ONE_M:
        folder = without_rare_films(folder, root / name)
    choose("folder", folder, metadata, config=root / CONFIG, root=root)


def without_rare_films(source: Path, target: Path, fewest: int = FEWEST_RATINGS) -> Path:
    """Copy ml-1m's ratings.csv.gz and movies.dat, less the films with fewer ratings than `fewest`.

    What a field holds stays as it is: times are missing in part, and ingest knows what to do then.
    """
    try:
        ratings = pd.read_csv(source / "ratings.csv.gz", dtype=str, keep_default_na=False)
        films = (source / "movies.dat").read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise UserError(
            f"{error.filename}: cannot be read: {error.strerror}; --data names the folder"
        ) from error
    raters = ratings["movie"].value_counts()
    kept = set(raters.index[raters >= fewest])
    target.mkdir(parents=True)
    ratings[ratings["movie"].isin(kept)].to_csv(target / "ratings.csv", index=False)
    own = [line for line in films if line.partition(b"::")[0].decode() in kept]
    (target / "movies.dat").write_bytes(b"".join(own))
    return target
