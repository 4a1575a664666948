"""Whether a folder is a whole and sane release; each refusal says what is wrong with which file."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from movie_genie.data.schemas import EMBEDDING_SIZE
from movie_genie.engine.home import home_rows
from movie_genie.engine.recommender import TEXT_VECTORS, Recommender
from movie_genie.engine.records import Rating
from movie_genie.errors import UserError
from movie_genie.files import digest, read_json
from movie_genie.history import HIGHEST, LOWEST, History
from movie_genie.inference.models import predicts_stars
from movie_genie.releases.content import MANIFEST

SMOKE_SECONDS = 120
SMOKE_FILMS = 20


def checksums(folder: Path) -> dict[str, str]:
    """sha256 of every file but the manifest, by its path within the folder, sorted.

    Raises
    ------
    UserError
        When something in the folder is no file, or cannot be read.
    """
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if not path.is_dir()}
    for name, path in sorted(files.items()):
        # A link to nowhere, or a pipe, whose reader would wait for ever.
        if not path.is_file():
            raise UserError(f"{folder}: {name} is no file; copy the release again")
    try:
        return {name: digest(files[name]) for name in sorted(files) if name != MANIFEST}
    except OSError as error:
        raise UserError(
            f"{error.filename or folder}: could not be read: {error.strerror or error}"
        ) from error


def release_id_of(files: dict[str, str]) -> str:
    """A release's id: the first 12 hex digits of the sha256 over its sorted (path, sha256) pairs."""
    return hashlib.sha256(json.dumps(sorted(files.items())).encode()).hexdigest()[:12]


def check_files(folder: Path) -> dict[str, Any]:  # Any: the manifest is JSON
    """Hold a release's files against its manifest, and give the manifest.

    Raises
    ------
    UserError
        When the manifest or a file is missing, changed, too many or not readable.
    """
    manifest = read_json(folder / MANIFEST)
    listed = manifest.get("files")
    if not isinstance(listed, dict) or manifest.get("release_id") != folder.name:
        raise UserError(f"{folder / MANIFEST}: is not the manifest of release {folder.name}")
    found = checksums(folder)
    for name in sorted(listed.keys() | found.keys()):
        if name not in found:
            raise UserError(f"{folder}: {name} is missing; the release is only partly there")
        if name not in listed:
            raise UserError(f"{folder}: {name} is not in the manifest; nothing is ever added to a release")
        if found[name] != listed[name]:
            raise UserError(f"{folder}: {name} was changed: its sha256 is not the manifest's")
    if release_id_of(found) != folder.name:
        raise UserError(f"{folder}: its files are those of release {release_id_of(found)}")
    return manifest


def open_checked(folder: Path) -> Recommender:
    """Open a release whose files are the manifest's, whose parts fit together, and whose numbers are sane.

    Raises
    ------
    UserError
        When files are wrong, vocabularies differ, or weights or scores are not finite.
    """
    try:
        check_files(folder)
        engine = Recommender(folder)
        check_sizes(engine)
        for name, values in _arrays(folder):
            if not np.isfinite(values).all():
                raise UserError(f"{folder}: {name} holds values that are not finite")
        check_scores(engine)
    except (ValueError, LookupError, TypeError, OSError, SafetensorError) as error:
        raise UserError(f"{folder}: could not be opened: {error}") from error
    return engine


def check_sizes(engine: Recommender) -> None:
    """See that all parts speak of the same films.

    Raises
    ------
    UserError
    """
    folder, films = engine.folder, len(engine.catalogue)
    sizes = {name: len(model) for name, model in engine.two_stage.models.items()}
    sizes[TEXT_VECTORS] = len(engine.text)
    if films == 0:
        raise UserError(f"{folder}: the catalogue is empty")
    for name, size in sizes.items():
        if size != films:
            raise UserError(
                f"{folder}: {name} knows {size} films, the catalogue {films}: vocabularies differ"
            )
    if engine.text.shape[1] != EMBEDDING_SIZE:
        raise UserError(f"{folder}: {TEXT_VECTORS}: expected width {EMBEDDING_SIZE}")
    if (np.diff(engine.catalogue.movie_ids) <= 0).any():
        raise UserError(f"{folder}: the catalogue's films are not in the order of their ids")


def check_scores(engine: Recommender) -> None:
    """See that each model gives finite scores for a stranger and for histories, finite stars and contributions.

    Raises
    ------
    UserError
    """
    latest = np.arange(min(len(engine.catalogue), SMOKE_FILMS))
    rated = History(latest, np.linspace(LOWEST, HIGHEST, len(latest), dtype=np.float32), latest, len(latest))
    for name, model in engine.two_stage.models.items():
        try:
            read = model.read([rated.latest(films) for films in (0, 1, len(rated))])
            scores = model.scores(read)
            stars = [model.stars(row, latest) for row in read] if predicts_stars(model) else []
            contributions = model.contributions(rated, latest)
        except Exception as error:  # the runtime's errors have no common type but this
            reason = " ".join(str(error).split())
            raise UserError(f"{engine.folder}: {name} cannot answer: {reason[:200]}") from None
        if not np.isfinite(scores).all():
            raise UserError(f"{engine.folder}: {name} gives scores that are not finite")
        if not all(np.isfinite(own).all() for own in stars):
            raise UserError(f"{engine.folder}: {name} predicts ratings that are not finite")
        if contributions is not None and not np.isfinite(contributions).all():
            raise UserError(f"{engine.folder}: {name} gives contributions that are not finite")


def smoke_query(folder: Path) -> None:
    """Have the release answer in a fresh process, where nothing of this one helps it.

    Raises
    ------
    UserError
    """
    command = [sys.executable, "-m", str(__package__), "check", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SMOKE_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise UserError(f"{folder}: no answer to a smoke query within {SMOKE_SECONDS} s") from None
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or [f"it ended with status {done.returncode}"])[-1]
        raise UserError(f"{folder}: the smoke query failed: {reason.removeprefix('error: ')}")


def answer_smoke_query(folder: Path) -> None:
    """What the fresh process does: home pages of a stranger, of a newcomer and of a persona, and a search.

    Raises
    ------
    UserError
        When an answer is empty, shows a film of the history as new, or a score is not finite.
    """
    engine = open_checked(folder)
    newcomer = [Rating(found.movie_id, 5.0, 0) for found in engine.popular(3)]
    personas = [engine.personas.history(persona.persona_id) for persona in engine.personas.page(1, 1)]
    for history in ([], newcomer, *personas):
        home_rows(engine, history)
        answer = engine.recommend(history, limit=10)
        seen = {film.movie_id for film in history}
        if not answer and len(seen) < len(engine.catalogue):
            raise UserError(f"{folder}: recommends nothing")
        if any(item.movie_id in seen or not np.isfinite(item.score) for item in answer):
            raise UserError(f"{folder}: recommends a film that was seen, or without a finite score")
    if not engine.search(engine.catalogue.movies[0].title, limit=5):
        raise UserError(f"{folder}: finds no film by its own title")


def _arrays(folder: Path) -> Iterator[tuple[str, NDArray[Any]]]:  # Any: of whatever type is stored
    """Every stored array of numbers, with the file that holds it."""
    for path in sorted(folder.rglob("*.npy")):
        yield path.relative_to(folder).as_posix(), np.load(path, mmap_mode="r")
    for path in sorted(folder.rglob("*.safetensors")):
        with safe_open(path, framework="numpy") as file:
            for name in file.keys():  # noqa: SIM118 - no mapping
                yield f"{path.relative_to(folder).as_posix()}: {name}", file.get_tensor(name)
