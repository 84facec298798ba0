"""What the commands say to whoever runs them: one JSON object a line on standard error, or plain lines on a terminal.

Every command sets this up before it does anything else. Standard output stays what a command was asked for. Nothing personal gets
into a line: a fault is told by its kind and where it happened, without its words and without any variable, for these may hold
somebody's name, amount or token. What libraries log goes the same way, from warnings on.

    $ fintwin projector
    {"timestamp":"2026-03-01T08:00:00.000000Z","level":"info","event":"projector leads","logger":"fintwin.projector","epoch":4}
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from traceback import format_tb
from types import TracebackType
from typing import Any, Final, TextIO

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from fintwin.settings import LogOptions

CAUSES_MAX: Final = 5
# These pass on the words of the error that somebody did not catch.
_TALKATIVE: Final = ("asyncio", "concurrent")


def set_up(options: LogOptions, stream: TextIO | None = None) -> None:
    """From now on everything that is logged in this process goes to ``stream``, standard error by default."""
    told = stream or sys.stderr
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _fault_without_words,
    ]
    last: Processor = (
        structlog.dev.ConsoleRenderer(colors=told.isatty(), exception_formatter=structlog.dev.plain_traceback)
        if options.console
        else structlog.processors.JSONRenderer(serializer=_in_order)
    )
    handler = logging.StreamHandler(told)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_first_line_of_the_talkative, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # What libraries tell below that are addresses that were asked for.
    root.setLevel(logging.WARNING)
    ours = logging.getLogger("fintwin")
    ours.setLevel(options.level.upper())
    logging.captureWarnings(capture=True)
    sys.excepthook = sys.__excepthook__ if options.console else _last_words
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _last_words(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What ends a command for which nobody has an answer is told like every other fault."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    structlog.get_logger("fintwin").critical("the command ends", exc_info=error)


def _in_order(event: EventDict, **_: Any) -> str:
    """The line: time, level and event first, for whoever reads it with the eye; what is no JSON by its kind."""
    first: dict[str, Any] = {name: event.pop(name) for name in ("timestamp", "level", "event") if name in event}
    return msgspec.json.encode(first | dict(event), enc_hook=lambda value: type(value).__name__).decode()


def _fault_without_words(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """In place of an exception its kind and its places, and those of its causes."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["trace"] = "".join(_places(error))
    event.pop("stack_info", None)
    return event


def _places(error: BaseException) -> Iterator[str]:
    current: BaseException | None = error
    for _ in range(CAUSES_MAX):
        if current is None:
            return
        trace: TracebackType | None = current.__traceback__
        yield from format_tb(trace)
        yield f"{type(current).__name__}\n"
        current = current.__cause__ or current.__context__


def _first_line_of_the_talkative(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    record = event.get("_record")
    if record is not None and record.name.startswith(_TALKATIVE):
        event["event"] = str(event["event"]).split("\n", 1)[0]
    return event
