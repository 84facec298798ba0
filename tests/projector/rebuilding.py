"""A rebuild of all read models by several processes, as the command does it, in a process of its own; what became of it as JSON.

python -m tests.projector.rebuilding URL '{"size": 2, "events": 40}'

``events`` are read at a time, so that a short log takes several readings; tables of ``bare`` bytes are filled without indexes.
``killed``: at the ``at``-th writing of all processes
together, "one" kills the process that is at it, "all" the one that forked it. ``broken``: the fold of that model fails at the
events of that position and later. ``superseded``: others take the new builds away before they are filled, and make their own of
the same numbers if it is "again". ``stuck``: the server takes half a minute for the first index; who makes the second is killed.
"""

import json
import multiprocessing
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

import msgspec
import uvloop

from fintwin.domain.streams import Recorded
from fintwin.projections.catalogue import READ_MODELS
from fintwin.projections.model import Changes, ReadModel, UserRows
from fintwin.projector import filling, rebuild
from fintwin.projector.crew import Crew
from fintwin.projector.filling import crew_for
from fintwin.projector.rebuild import RebuildError, rebuild_all
from fintwin.projector.sources import sources_of
from fintwin.store import building
from fintwin.store import filling as stored
from fintwin.store.connect import Connection, open_connection, open_pool
from fintwin.store.filling import Filled, Index, Target
from fintwin.store.lease import SupersededError


def broken_at(model: ReadModel, position: int) -> ReadModel:
    """The model with a fold that cannot take what comes from a position on."""

    def fold(rows: UserRows, events: Sequence[Recorded]) -> Changes:
        if events[-1].position >= position:
            msg = "cannot take this"
            raise ValueError(msg)
        return model.fold(rows, events)

    return msgspec.structs.replace(model, fold=fold)


def die_while_writing(whom: str, at: int) -> None:
    """From now on somebody is killed at the so manieth writing of rows, which is not begun."""
    writings, parent, write = multiprocessing.Value("i", 0), os.getpid(), filling.write_rows

    async def write_or_die(*arguments: Any) -> None:
        with writings.get_lock():
            writings.value += 1
            mine = writings.value
        if mine == at:
            os.kill(parent if whom == "all" else os.getpid(), signal.SIGKILL)
        await write(*arguments)

    filling.write_rows = write_or_die  # type: ignore[assignment]


def stick() -> None:
    """From now on the first index takes the server half a minute, and whoever makes the second is killed."""
    makings, make = multiprocessing.Value("i", 0), stored.make_index

    async def make_or_die(connection: Connection, target: Target, index: Index) -> None:
        with makings.get_lock():
            makings.value += 1
            mine = makings.value
        if mine == 1:
            slowly = index._replace(definition=f"SELECT pg_sleep(30); {index.definition}")
            await make(connection, target, slowly)
        elif mine == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        else:
            await make(connection, target, index)

    stored.make_index = make_or_die  # type: ignore[assignment]


def supersede(url: str, *, again: bool) -> None:
    """From now on new builds are gone, or somebody else's, when they are to be filled."""
    bare = stored.bare

    async def too_late(connection: Connection, target: Target, builds: Sequence[Filled]) -> list[Index]:
        other = await open_connection(url)
        for one in builds:
            await building.drop(other, one.model, one.version)
            if again:
                assert await building.create(other, one.model, sources_of(one.model))
        await other.close()
        return await bare(connection, target, builds)

    stored.bare = too_late  # type: ignore[assignment]


async def rebuilt(url: str, models: Sequence[ReadModel], crew: Crew) -> dict[str, Any]:
    """What the reports say, or the error."""
    pool = await open_pool(url, size_max=6)
    try:
        reports = await rebuild_all(pool, [(model, sources_of(model)) for model in models], crew=crew, side_by_side=2)
    except RebuildError as error:
        return {"error": str(error)}
    except SupersededError:
        return {"error": "superseded"}
    finally:
        await pool.close()
    return {"reports": [(one.model, one.compared, one.differing_rows) for one in reports]}


def main(url: str, asked: dict[str, Any]) -> None:
    """Rebuild, and say what became of it."""
    filling.FILLED_EVENTS = asked.get("events", filling.FILLED_EVENTS)  # type: ignore[misc]
    stored.BARE_BYTES_MIN = asked.get("bare", 0)  # type: ignore[misc]
    rebuild.FILLED_EVENTS_MIN = asked.get("least", 1)  # type: ignore[attr-defined]
    if "killed" in asked:
        die_while_writing(asked["killed"], asked["at"])
    if asked.get("superseded"):
        supersede(url, again=asked["superseded"] == "again")
    if asked.get("stuck"):
        stick()
    broken = asked.get("broken", {})
    models = [broken_at(model, broken[model.name]) if model.name in broken else model for model in READ_MODELS]
    with crew_for(models, url, size=asked["size"]) as crew:
        found = uvloop.run(rebuilt(url, models, crew))
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
