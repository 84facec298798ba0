import asyncio
import io
import json
import logging
import sys
import warnings
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import structlog

from fintwin.api.request_log import RequestLog, level_of
from fintwin.cli.log_lines import set_up
from fintwin.settings import LogOptions, SettingsError, log_options

CANARY = "canary-of-somebody"


@pytest.fixture
def said() -> Iterator[io.StringIO]:
    """What is logged while the test runs; afterwards logging is as it was."""
    root = logging.getLogger()
    before = root.handlers[:], root.level, logging.getLogger("fintwin").level
    stream = io.StringIO()
    set_up(LogOptions("info", console=False), stream)
    yield stream
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)
    sys.excepthook = sys.__excepthook__
    root.handlers[:], root.level = before[0], before[1]
    logging.getLogger("fintwin").setLevel(before[2])


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def fail() -> None:
    name = CANARY
    try:
        {}[name]
    except KeyError as cause:
        raise ValueError(f"{name} has no account") from cause


def test_a_line_is_json_with_what_was_bound(said: io.StringIO) -> None:
    """Time, level and event first, then the rest."""
    structlog.get_logger("fintwin.projector").info("projector leads", epoch=4)
    (line,) = lines(said)
    assert list(line)[:3] == ["timestamp", "level", "event"]
    assert line | {"epoch": 4, "level": "info", "event": "projector leads", "logger": "fintwin.projector"} == line


def test_a_fault_is_told_without_its_words_and_variables(said: io.StringIO) -> None:
    """Kind and places of the error and its cause; neither their texts nor any local variable."""
    try:
        fail()
    except ValueError:
        structlog.get_logger("fintwin.api").exception("request failed")
        logging.getLogger("some.library").exception("it failed")
    ours, foreign = lines(said)
    for line in (ours, foreign):
        assert line["error"] == "ValueError"
        assert "KeyError" in line["trace"]
        assert "in fail" in line["trace"]
    assert CANARY not in said.getvalue()


def test_what_nobody_caught_in_a_task_is_told_without_its_words(said: io.StringIO) -> None:
    """The event loop repeats the error's text in its own line: that line is cut."""
    loop = asyncio.new_event_loop()
    loop.call_exception_handler(
        {"message": "Task exception was never retrieved", "exception": ValueError(CANARY), "future": CANARY}
    )
    loop.close()
    (line,) = lines(said)
    assert line["event"] == "Task exception was never retrieved"
    assert line["error"] == "ValueError"
    assert CANARY not in said.getvalue()


def test_what_ends_a_command_is_told_without_its_words(said: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's own last words would repeat the error's text."""
    try:
        fail()
    except ValueError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    (line,) = lines(said)
    assert line | {"level": "critical", "event": "the command ends", "error": "ValueError"} == line
    assert CANARY not in said.getvalue()


def test_libraries_are_heard_from_warnings_on(said: io.StringIO) -> None:
    """Their information holds addresses that were asked for."""
    logging.getLogger("httpx").info("GET https://example.org/%s", CANARY)
    logging.getLogger("httpx").warning("slow")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    assert lines(said)[0]["event"] == "slow"
    assert "DeprecationWarning" in lines(said)[1]["event"]


def test_below_the_level_nothing_is_said(said: io.StringIO) -> None:
    """`error` leaves warnings out."""
    set_up(LogOptions("error", console=False), said)
    structlog.get_logger("fintwin.api").warning("slow")
    assert said.getvalue() == ""


def test_a_terminal_gets_plain_lines_and_no_variables(said: io.StringIO) -> None:
    """The console's own way of showing a fault would print every local variable: it is not used."""
    set_up(LogOptions("info", console=True), said)
    try:
        fail()
    except ValueError:
        structlog.get_logger("fintwin.api").exception("request failed")
    assert "request failed" in said.getvalue()
    assert "ValueError" in said.getvalue()
    assert CANARY not in said.getvalue()


@pytest.mark.parametrize(
    ("environ", "terminal", "expected"),
    [
        ({}, False, LogOptions("info", console=False)),
        ({}, True, LogOptions("warning", console=True)),
        ({"FINTWIN_LOG_LEVEL": "debug"}, True, LogOptions("debug", console=True)),
        ({"FINTWIN_LOG_FORMAT": "console"}, False, LogOptions("warning", console=True)),
    ],
)
def test_the_settings_of_the_log(environ: dict[str, str], terminal: bool, expected: LogOptions) -> None:
    """A terminal gets plain lines from warnings on, everything else JSON from information on."""
    assert log_options(environ, terminal=terminal) == expected


@pytest.mark.parametrize("environ", [{"FINTWIN_LOG_LEVEL": "loud"}, {"FINTWIN_LOG_FORMAT": "xml"}])
def test_settings_that_are_none_are_refused(environ: dict[str, str]) -> None:
    """One sentence that names the variable."""
    with pytest.raises(SettingsError, match=next(iter(environ))):
        log_options(environ, terminal=False)


def test_the_level_of_a_request_follows_its_status() -> None:
    """Our faults are errors, a service that cannot a warning, other people's mistakes neither."""
    assert [level_of(status) for status in (201, 404, 429, 500, 503)] == ["info", "info", "info", "error", "warning"]


async def test_lines_of_requests_leave_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written while requests are answered; a moment later everything is, in one go."""
    monkeypatch.setattr("fintwin.api.request_log.PAUSE_S", 0.01)
    chunks: list[bytes] = []
    log, user = RequestLog(chunks.append), uuid4()
    log.ended("a-1", "GET", "/api/auth/me", 200, 0.001, user)
    log.ended("a-2", "any", "none", 404, 0.001, None)
    assert chunks == []
    await asyncio.sleep(0.05)
    assert len(chunks) == 1
    told = [json.loads(line) for line in chunks[0].splitlines()]
    assert [(one["request_id"], one["user_id"]) for one in told] == [("a-1", str(user)), ("a-2", None)]
