"""`fintwin run`: the whole service in the foreground, with servers of its own where none are named.

    $ fintwin run
    Starting Postgres and Valkey in /home/me/fintwin/.fintwin
    FinTwin is ready: http://localhost:8000

Without `DATABASE_URL` it starts the embedded servers, brings the database up to date and runs in demo mode on loopback. With it,
it runs the same parts against real servers and starts none. Ctrl-C, SIGTERM or closing the terminal stops everything.
"""

import os
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

import rich_click as click

import fintwin
from fintwin.cli.servers import bring_up_to_date
from fintwin.cli.source_watch import SourceWatch
from fintwin.cli.supervisor import STOP_SIGNALS, Part, stop_parts, supervise
from fintwin.cli.web_build import WebBuild, web_build
from fintwin.embedded import EmbeddedServers
from fintwin.embedded.ports import is_taken
from fintwin.settings import SettingsError, StartOptions, load, start_options, web_folder


@click.command()
@click.option("--reload", is_flag=True, help="Start the parts again whenever a source file changes.")
@click.option(
    "--web",
    type=click.Choice(["build", "dev"]),
    help="Of a checkout: build the web app beside the service, or let Vite serve it at port 3000.",
)
def run(*, reload: bool, web: str | None) -> None:
    """Start everything in the foreground; Ctrl-C stops it."""
    for number in STOP_SIGNALS:
        signal.signal(number, _stop_starting)
    options = start_options(os.environ)
    if is_taken(options.host, options.port):
        msg = f"Port {options.port} is taken by another program: stop that one, or choose another port with PORT."
        raise SettingsError(msg)
    if not options.embedded:
        load(os.environ)
        sys.exit(_supervise(options, os.environ, look_after=lambda: None, reload=reload, web=web))
    say(f"Starting Postgres and Valkey for {options.data_folder.resolve()}")
    with EmbeddedServers(options.data_folder, say=say) as servers:
        bring_up_to_date(servers)
        environment = os.environ | servers.environment()
        load(environment)
        code = _supervise(options, environment, look_after=servers.restart_ended, reload=reload, web=web)
    say("FinTwin has stopped.")
    sys.exit(code)


def service_parts(environment: Mapping[str, str]) -> list[Part]:
    """What makes up the service; each part is a command of this very installation.

    Without a Redis nothing is published, and without the publisher's address of the database no webhook is delivered.
    """
    names = ["api", "projector"]
    if environment.get("REDIS_URL"):
        names.append("publisher")
    if environment.get("FINTWIN_PUBLISHER_DATABASE_URL"):
        names.append("webhooks")
    return [Part(name, [sys.executable, "-m", "fintwin", name]) for name in names]


def _stop_starting(*_: object) -> NoReturn:
    """A signal before everything runs: unwind, so that what has been started is stopped."""
    raise SystemExit(0)


def say(sentence: str) -> None:
    """For the person who watches; at once, also into a pipe."""
    click.echo(sentence)
    sys.stdout.flush()


def _supervise(
    options: StartOptions,
    environment: Mapping[str, str],
    *,
    look_after: Callable[[], None],
    reload: bool,
    web: str | None,
) -> int:
    """Runs the parts until somebody says stop."""
    parts = service_parts(environment)
    watch = SourceWatch(Path(fintwin.__file__).parent) if reload else None
    build = _web_build(options, serve=web == "dev") if web else None
    told = False

    def be_ready() -> None:
        nonlocal told
        told = True
        say(f"FinTwin is ready: http://{name}:{options.port}")

    def look_around() -> None:
        look_after()
        if build is not None and told:
            build.poll()
        if watch is not None and watch.changed():
            say("A source file has changed: the parts start again.")
            stop_parts(parts)

    name = "localhost" if options.host in {"127.0.0.1", "::1"} else options.host
    try:
        return supervise(
            parts,
            environment,
            is_ready=lambda: _listens(options),
            on_ready=be_ready,
            look_after=look_around,
            say=say,
        )
    finally:
        if build is not None:
            build.stop()


def _web_build(options: StartOptions, *, serve: bool) -> WebBuild | None:
    log = options.data_folder / "web-build.log" if options.embedded else Path(tempfile.gettempdir()) / "fintwin-web.log"
    environ = os.environ | {"PORT": str(options.port)}
    return web_build(web_folder().parent, log, environ, say, serve=serve)


def _listens(options: StartOptions) -> bool:
    try:
        with socket.create_connection((options.host, options.port), timeout=1.0):
            return True
    except OSError:
        return False
