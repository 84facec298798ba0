"""The command `fintwin` and the list of its sub-commands.

A module per command, named in `COMMANDS`; it is imported only when it is asked for, so that `fintwin --version` does not load
a ledger. What a command refuses is printed as one sentence on standard error, with exit code 2.

    fintwin run
    fintwin --help
"""

import os
import sys
from importlib import import_module
from typing import Any

import rich_click as click

import fintwin
from fintwin.embedded.refusals import EmbeddedError
from fintwin.settings import SettingsError, log_options

# Command name: the module that defines it, and the function there.
COMMANDS = {
    "run": "fintwin.cli.run:run",
    "sample": "fintwin.cli.sample:sample",
    "api": "fintwin.cli.api:api",
    "import": "fintwin.cli.import_:import_",
    "close-period": "fintwin.cli.close_period:close_period",
    "migrate": "fintwin.cli.migrate:migrate",
    "projector": "fintwin.cli.projector:projector",
    "erase": "fintwin.cli.erase:erase",
    "publisher": "fintwin.cli.publisher:publisher",
    "webhooks": "fintwin.cli.webhooks:webhooks",
    "tail": "fintwin.cli.tail:tail",
    "rebuild": "fintwin.cli.rebuild:rebuild",
    "verify": "fintwin.cli.verify:verify",
    "head": "fintwin.cli.head:head",
    "replay": "fintwin.cli.replay:replay",
    "export": "fintwin.cli.export:export",
    "restore": "fintwin.cli.restore:restore",
}
REFUSALS = (EmbeddedError, SettingsError)


class LazyGroup(click.RichGroup):
    """Looks commands up in `COMMANDS`, and turns refusals into one sentence."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Every command, by name."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Imports one command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command; a refusal, or a database that cannot be used, ends it with code 2."""
        from fintwin.cli.log_lines import set_up

        try:
            set_up(log_options(os.environ, terminal=sys.stderr.isatty()))
            return super().invoke(ctx)
        except REFUSALS as refusal:
            click.echo(str(refusal), err=True)
            ctx.exit(2)
        except Exception as error:
            from fintwin.store.connect import is_unusable

            if not is_unusable(error):
                raise
            click.echo(f"The database cannot be used: {str(error) or type(error).__name__}", err=True)
            ctx.exit(2)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(fintwin.__version__, prog_name="fintwin")
def main() -> None:
    """FinTwin: an event-sourced ledger that you can fork."""
