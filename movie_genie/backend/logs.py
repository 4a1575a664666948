"""One log for the web process: a line an event, JSON in production, with the request's id."""

import io
import logging
import re
import sys
from typing import TextIO, cast

import orjson
import structlog
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger


def configure_logging(json_lines: bool) -> None:
    """Send structlog's and the standard library's records to stderr in one form."""
    # TextIO: only these two methods are used
    stderr = cast(TextIO, _CurrentStderr())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _escape_values,
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer(serializer=_dumps)
        if json_lines
        # not its own way with tracebacks, which shows the values of variables: passwords among them
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=_escaped_traceback)
    )
    errors: list[Processor] = [structlog.processors.format_exc_info, _escape_exception] if json_lines else []
    structlog.configure(
        processors=[*shared, *errors, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, *errors],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for chatty in ("alembic", "urllib3"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


class _CurrentStderr:
    """Looks `sys.stderr` up at each write: loggers live as long as the process, stderr may be replaced meanwhile."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


UNPRINTABLE = re.compile(
    r"[^\x20-\x7e\xa1-\U0010ffff]|[\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]"
)
"""What a terminal obeys rather than shows, begins a line, or turns the direction of the text."""


def escaped(text: str) -> str:
    r"""Return a text whose every character shows, as `\x1b` where it would not: a log line is one line.

    >>> escaped("/a\n\x1b[2Jb")
    '/a\\n\\x1b[2Jb'
    """
    return UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _escape_values(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {name: escaped(value) if isinstance(value, str) else value for name, value in event.items()}


def _escape_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if "exception" in event:
        event["exception"] = _escaped_lines(event["exception"])
    return event


def _escaped_traceback(target: TextIO, error: ExcInfo) -> None:
    text = io.StringIO()
    structlog.dev.plain_traceback(text, error)
    target.write(_escaped_lines(text.getvalue()))


def _escaped_lines(text: str) -> str:
    """A traceback; an error's own words may have several lines, of which none shall look like the log's."""
    return "\n".join(f"  {escaped(line)}" for line in text.rstrip("\n").split("\n"))


def _dumps(value: object, **_options: object) -> str:
    return orjson.dumps(value, default=str).decode()
