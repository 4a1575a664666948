"""The lines of a text file, plain or gzipped, whatever its bytes."""

import codecs
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

from movie_genie.errors import UserError


def read_lines(path: Path) -> Iterator[str]:
    """Yield each line without its line end.

    A line that is not UTF-8 is read as Latin-1, the encoding of MovieLens's older `.dat` files, which gives
    every byte a character: one damaged line never hides the others.

    Raises
    ------
    UserError
        When the file is missing, cannot be read, or is a damaged gzip.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            first = file.readline()
            if first:
                yield _decode(first.removeprefix(codecs.BOM_UTF8))  # spreadsheets put that mark there
            for line in file:
                yield _decode(line)
    except FileNotFoundError:
        raise UserError(f"{path}: not found") from None
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path}: cannot be read: {error}; is the file damaged or cut off?") from error


def _decode(line: bytes) -> str:
    try:
        text = line.decode()
    except UnicodeDecodeError:
        text = line.decode("latin-1")
    return text.rstrip("\r\n")
