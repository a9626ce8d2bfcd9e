"""Logs as JSON lines with account numbers masked: whatever is logged, by us or by a library, passes one door.

Masking works on the finished line, so that no field, message or traceback goes past it.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from typing import Any, Final, TextIO

import structlog

_LONG_NUMBER: Final = re.compile(r"(?<!\d)\d(?:[ -]?\d){10,}(?!\d)")


def masked(text: str) -> str:
    """Return `text` with every run of eleven digits or more shown by its last four only.

    >>> masked("to 6222 0000 1111 2222 333 now")
    'to ****2333 now'
    """
    return _LONG_NUMBER.sub(lambda found: "****" + re.sub(r"\D", "", found[0])[-4:], text)


def _rendered(_: object, __: str, event: Any) -> str:  # noqa: ANN401 - structlog's processors take anything
    """Return the line: JSON, then masked."""
    return masked(json.dumps(event, ensure_ascii=False, default=str))


def set_up_logs(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send structlog and the standard library's loggers to one stream as masked JSON lines."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _rendered],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = name != "uvicorn.access"  # its lines have whole addresses; ours do not


__all__ = ["masked", "set_up_logs"]
