"""A small data set in MovieLens layout."""

import hashlib
from pathlib import Path

from movie_genie.config import DataConfig, FolderSource, MetadataFile

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
