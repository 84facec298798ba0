"""`fintwin rebuild NAME`: makes a read model anew from the log, beside the live one, compares the two and switches readers.

`fintwin rebuild all` makes all of them in one pass over the log. A long log is taken by one process for each core, at most four,
each for its own part of the users. The processes give way to whoever else needs the processor.
Works on a running service and on a stopped one; what was live before is kept until the next rebuild.

    $ fintwin rebuild balances
    balances: 46,997 events, the new rows equal the old ones; version 2 is live.
"""

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import rich_click as click

from fintwin.cli.output import give_way
from fintwin.cli.servers import servers_for
from fintwin.garbage import rest_garbage_collection
from fintwin.settings import load

if TYPE_CHECKING:
    from fintwin.projections.model import ReadModel
    from fintwin.projector.crew import Crew
    from fintwin.projector.rebuild import Report


@click.command()
@click.argument("name")
def rebuild(name: str) -> None:
    """Rebuild the read model NAME (or `all`) from the log and switch to it."""
    import uvloop

    from fintwin.projections.catalogue import READ_MODELS
    from fintwin.projector.crew import cores
    from fintwin.projector.filling import crew_for

    known = {model.name: model for model in READ_MODELS}
    if name != "all" and name not in known:
        msg = f"There is no read model {name!r}: choose one of {', '.join(known)}, or all."
        raise click.BadParameter(msg, param_hint="NAME")
    wanted = list(known.values()) if name == "all" else [known[name]]
    with servers_for(os.environ, say=lambda sentence: click.echo(sentence, err=True)) as environment:
        url = load(environment).database_url("projector")
        give_way()
        rest_garbage_collection()
        # Forked here, where nothing runs yet that must not be forked.
        with crew_for(wanted, url, size=cores()) as crew:
            differing = uvloop.run(_rebuild_all(wanted, url, crew))
    sys.exit(1 if differing else 0)


async def _rebuild_all(models: "Sequence[ReadModel]", url: str, crew: "Crew") -> int:
    """Number of rows in which new and old builds of the same fold differ."""
    from rich.console import Console
    from rich.progress import Progress

    from fintwin.projector.rebuild import RebuildError, rebuild_all
    from fintwin.projector.sources import sources_of
    from fintwin.store.connect import open_pool
    from fintwin.store.lease import SupersededError

    names = [model.name for model in models]
    wanted = [(model, sources_of(model)) for model in models]
    side_by_side = max(crew.size, 1)
    pool = await open_pool(url, size_max=2 * side_by_side + 2, name="fintwin rebuild")
    try:
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(", ".join(names), total=None)
            reports = await rebuild_all(
                pool,
                wanted,
                crew=crew,
                side_by_side=side_by_side,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
    except RebuildError as error:
        raise click.ClickException(str(error)) from None
    except SupersededError:
        msg = f"{' or '.join(names)} was rebuilt by somebody else meanwhile."
        raise click.ClickException(msg) from None
    finally:
        await pool.close()
    for report in reports:
        click.echo(f"{report.model}: {report.events:,} events, {_compared(report)}; version {report.version} is live.")
    return sum(report.differing_rows for report in reports)


def _compared(report: "Report") -> str:
    if not report.compared:
        return "built by a new fold or for the first time"
    rows = report.differing_rows
    return "the new rows equal the old ones" if rows == 0 else f"{rows:,} rows differ from the old ones"
