"""One log for the web process: a line an event, JSON in production, with the request's id."""

import logging
import sys
from typing import TextIO, cast

import orjson
import structlog
from structlog.typing import Processor


def configure_logging(json_lines: bool) -> None:
    """Send structlog's and the standard library's records to stderr in one form."""
    # TextIO: only these two methods are used
    stderr = cast(TextIO, _CurrentStderr())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer(serializer=_dumps)
        if json_lines
        # not its own way with tracebacks, which shows the values of variables: passwords among them
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    errors: list[Processor] = [structlog.processors.format_exc_info] if json_lines else []
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


def _dumps(value: object, **_options: object) -> str:
    return orjson.dumps(value, default=str).decode()
