"""A small data set in MovieLens layout."""

import hashlib
import json
from pathlib import Path

import pyarrow.parquet as pq

from movie_genie.config import DataConfig, FolderSource, MetadataFile
from movie_genie.data.ingest import ingest

NOW = 1_600_000_000

MOVIES = """\
movieId,title,genres
1,Toy Story (1995),Adventure|Animation|Children
2,"American President, The (1995)",Comedy|Drama|Romance
3,Paterson,(no genres listed)
4,Death Note: Desu nôto (2006–2007),(no genres listed)
"""
LINKS = """\
movieId,imdbId,tmdbId
1,0114709,862
2,0112346,
3,5247022,370755
"""
RATINGS = """\
userId,movieId,rating,timestamp
1,1,4.0,1000
1,2,3.5,1000
1,3,5,900
2,1,0.5,2000
2,4,1.0,1999
"""


def sha256(path: Path) -> str:
    """Pin a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


class DataSet:
    """A folder of files under a repository's root, and the configuration that pins it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "set"
        self.folder.mkdir()
        self.write("movies.csv", MOVIES)
        self.write("links.csv", LINKS)
        self.write("ratings.csv", RATINGS)

    def write(self, name: str, content: str | bytes) -> Path:
        """Put a file into the folder."""
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def config(self, metadata: Path | None = None, max_rejected_share: float = 0.0) -> DataConfig:
        """Pin every file that lies in the folder now."""
        files = {path.name: sha256(path) for path in sorted(self.folder.iterdir())}
        return DataConfig(
            source=FolderSource(kind="folder", path=Path("set"), files=files),
            metadata=MetadataFile(path=metadata, sha256=sha256(self.root / metadata)) if metadata else None,
            lowest_rating=0.5,
            highest_rating=5,
            max_rejected_share=max_rejected_share,
        )

    def empty(self) -> None:
        """Take all files out of the folder."""
        for path in self.folder.iterdir():
            path.unlink()

    def run(self, config: DataConfig | None = None, now: int = NOW, **choices: float) -> dict[str, object]:
        """Ingest it, by default as it lies there now; the profile."""
        ingest(config or self.config(**choices), self.root, now)
        return json.loads((self.root / "data/raw/profile.json").read_text())

    def table(self, name: str) -> list[dict[str, object]]:
        """Rows of one of the stage's tables."""
        return pq.read_table(self.root / f"data/raw/{name}.parquet").to_pylist()

    def pairs(self) -> list[tuple[object, ...]]:
        """The ratings that were taken: user, film, stars."""
        return [(row["user_id"], row["movie_id"], row["rating"]) for row in self.table("ratings")]

    def rejected(self) -> list[tuple[object, ...]]:
        """The rows that were not: file, row, reason."""
        return [(row["source"], row["row"], row["reason"]) for row in self.table("rejected")]
