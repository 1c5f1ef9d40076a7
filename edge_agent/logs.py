"""Logs: for a person at a terminal by default, JSON lines with KUBEDDR_LOG=json; always on stderr."""

from __future__ import annotations

import logging
import os
import sys
from collections import deque
from typing import Any

import structlog

JSON = "json"
_RECENT: deque[str] = deque(maxlen=1000)


def recent() -> list[str]:
    """The last lines that were logged, oldest first."""
    return list(_RECENT)


def configure(level: int = logging.INFO) -> None:
    """Set up structlog for this process."""
    json = os.environ.get("KUBEDDR_LOG", "").lower() == JSON
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if json
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), pad_event_to=16, exception_formatter=structlog.dev.plain_traceback
        )
    )
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True) if json else _local()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            stamp,
            structlog.processors.format_exc_info if json else _untouched,
            renderer,
            _remember,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # as it is now: a test may have replaced it
        cache_logger_on_first_use=False,
    )


def _remember(_logger: object, _method: str, line: Any) -> Any:
    """The last of the processors: what comes in is the line that the one before has made."""
    _RECENT.append(str(line))
    return line


def _local() -> structlog.typing.Processor:
    return structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False)


def _untouched(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return event
