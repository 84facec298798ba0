"""`make bench`: measures, prints, and writes docs/benchmarks.md. `make bench ARGS=append` runs one chapter alone.

Each chapter is a module with ``measure(servers) -> Section``. A chapter run alone replaces its own part of the page only.
"""

import asyncio
import importlib
import re
import sys
from datetime import UTC, datetime

from fintwin.embedded import EmbeddedServers
from fintwin.store.migrate import migrate
from tests.bench.report import ROOT, Section, machine
from tests.conftest import reachable_folder

CHAPTERS = {
    "start": "Starting",
    "append": "Appending transfers",
    "http": "HTTP deposits",
    "overload": "Overload",
    "publishing": "Publishing",
    "verify": "Verifying",
    "read_models": "Read models",
    "reading": "Reading",
    "past": "The past",
    "twin": "The twin",
}
PAGE = ROOT / "docs" / "benchmarks.md"
INTRODUCTION = """# Benchmarks

Measured by `make bench`. Machines differ and are noisy, so every figure that matters is a ratio to something measured in the same
run; absolute figures are notes. A ratio is the median of several pairs.
"""


def chapters_of(page: str) -> dict[str, str]:
    """The chapters of a page by title."""
    parts = re.split(r"^## ", page, flags=re.MULTILINE)[1:]
    return {part.split("\n", 1)[0]: "## " + part.rstrip() + "\n" for part in parts}


def settle(servers: EmbeddedServers) -> None:
    """Let the server write some 700 MB of its log and take the files up again.

    A young cluster writes into blocks that the disk has never seen, which can cost ten times as much; a service that has
    been running for a while does not.
    """
    for sql in (
        "CREATE TABLE blocks AS SELECT repeat(md5(i::text), 30) FROM generate_series(1, 600000) AS i",
        "DROP TABLE blocks",
        "CHECKPOINT",
    ):
        servers.postgres.run_sql(sql, database="fintwin")


def main() -> int:
    """Run the chapters asked for, or all."""
    wanted = sys.argv[1:] or list(CHAPTERS)
    known = chapters_of(PAGE.read_text()) if PAGE.exists() else {}
    missed = False
    for name in wanted:
        module = importlib.import_module(f"tests.bench.{name}")
        with reachable_folder() as folder, EmbeddedServers(folder / "data") as servers:
            asyncio.run(migrate(servers.superuser_url, servers.role_passwords))
            settle(servers)
            section: Section = module.measure(servers)
        section.text += f"\n\nMeasured {datetime.now(UTC):%Y-%m-%d} on {machine()}."
        print(section.markdown(), flush=True)
        missed = missed or any(not target.met for target in section.targets)
        known[section.title] = section.markdown()
        order = [title for title in CHAPTERS.values() if title in known]
        others = [title for title in known if title not in CHAPTERS.values()]
        PAGE.write_text("\n".join([INTRODUCTION, *(known[title].rstrip() + "\n" for title in order + others)]))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
