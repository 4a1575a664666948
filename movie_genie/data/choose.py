"""What `make data` does: write the chosen source, with the checksums of its files, into configs/data.yaml."""

import io
from pathlib import Path
from typing import Any, get_args

from movie_genie.config import DataConfig, GroupLensSource
from movie_genie.config_file import load_config, parse_config
from movie_genie.data.download import published_md5
from movie_genie.data.layout import data_files
from movie_genie.data.sources import packaged_file
from movie_genie.errors import UserError
from movie_genie.files import digest, write_text

GROUPLENS = "https://files.grouplens.org/datasets/movielens"
GROUPLENS_NAMES: tuple[str, ...] = get_args(GroupLensSource.model_fields["name"].annotation)
SOURCES = ("packaged", "folder", *GROUPLENS_NAMES)

KNOWN_MD5 = {
    # What GroupLens publishes in <archive>.md5, as independent public loaders of these sets quote it (of
    # ml-1m, PaddlePaddle's for one). These three archives are meant never to change.
    "ml-1m": "c4d9eecfca2ab87c1945afe126590906",
    "ml-25m": "6b51fb2759a8657d3bfcbfc42b592ada",
    "ml-32m": "d472be332d4daa821edc399621853b57",
    # ml-latest-small may change: the MD5 that is published on the day of the choice is pinned.
}


def choose(
    source: str,
    folder: Path | None,
    metadata: Path | None,
    *,
    config: Path,
    root: Path,
    grouplens: str = GROUPLENS,
) -> None:
    """Pin a source in `config`, and leave the rest of the file, comments too, as it is.

    Parameters
    ----------
    source
        One of SOURCES.
    folder, metadata
        As they are to stand in the file: relative to `root`, or absolute. No `metadata`, no import.

    Raises
    ------
    UserError
        When a file is missing, the arguments do not fit together, or GroupLens cannot be asked for an MD5.
    """
    if (source == "folder") != (folder is not None):
        raise UserError("DIR names the folder of SOURCE=folder: give both or neither")
    from ruamel.yaml import YAML

    load_config(config, DataConfig)  # a file that is broken already is not written to
    yaml = YAML()
    yaml.width = 120
    yaml.representer.add_representer(
        type(None), lambda representer, _: representer.represent_scalar("tag:yaml.org,2002:null", "null")
    )
    document: Any = yaml.load(config.read_text(encoding="utf-8"))  # ruamel's mapping that keeps comments
    _replace(document["source"], _pinned_source(source, folder, root, grouplens))
    document["metadata"] = (
        None if metadata is None else {"path": str(metadata), "sha256": _sha256(root / metadata)}
    )
    written = io.StringIO()
    yaml.dump(document, written)
    parse_config(yaml.load(written.getvalue()), config, DataConfig)
    write_text(config, written.getvalue())


def _pinned_source(source: str, folder: Path | None, root: Path, grouplens: str) -> dict[str, Any]:
    if folder is not None:
        if not (root / folder).is_dir():
            raise UserError(f"DIR={folder}: no such folder")
        names = data_files((path.name for path in (root / folder).iterdir() if path.is_file()), folder)
        pins = {name: _sha256(root / folder / name) for name in names}
        return {"kind": "folder", "path": str(folder), "files": pins}
    if source == "packaged":
        return {"kind": "packaged", "sha256": _sha256(packaged_file())}
    if source not in GROUPLENS_NAMES:
        raise UserError(f"SOURCE={source}: expected one of {', '.join(SOURCES)}")
    md5 = KNOWN_MD5.get(source) or published_md5(f"{grouplens}/{source}.zip")
    return {"kind": "grouplens", "name": source, "md5": md5, "base_url": grouplens}


def _replace(mapping: Any, values: dict[str, Any]) -> None:
    """Exchange a mapping's entries in place: comments beside the mapping's own key stay."""
    for key in list(mapping):
        del mapping[key]
    mapping.update(values)


def _sha256(path: Path) -> str:
    try:
        return digest(path)
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error
