"""A process that books transfers as fast as it can and says so, made to be killed.

    python -m tests.crash.writer_process FILE USERS PREFIX [--early]

Addresses come from the environment (`tests.support.ledgers.environment_of`). Into FILE go whole lines, each in one write:
`try KEY` before a transfer is handed to the ledger, `ack KEY TRANSACTION POSITION` or `ref KEY` after its answer. Keys that an
earlier life of the process tried without an answer are asked again first, with the same request. With ``--early`` it
lies: it acknowledges before the answer is there, which the checker has to find.
"""

import asyncio
import os
import random
import sys
from itertools import count
from pathlib import Path
from uuid import UUID

from fintwin.domain.refusals import Refusal
from fintwin.ledger.ledger import Booking
from tests.support.ledgers import Bank, open_ledger

WORKERS = 24


def unanswered(lines: list[str]) -> list[str]:
    """Keys that were tried and never answered, oldest first."""
    words = [line.split() for line in lines]
    answered = {key for kind, key, *_ in words if kind in {"ack", "ref"}}
    return list(dict.fromkeys(key for kind, key, *_ in words if kind == "try" and key not in answered))


class Journal:
    """The file: what is in it was said, whatever becomes of the process."""

    def __init__(self, path: Path) -> None:
        self.lines = path.read_text().splitlines() if path.exists() else []
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def say(self, *words: object) -> None:
        """One line, in one write."""
        os.write(self._file, (" ".join(map(str, words)) + "\n").encode())


async def transfer(bank: Bank, journal: Journal, users: list[UUID], key: str, *, early: bool) -> None:
    """One transfer, all of which follows from its key, so that it can be asked again."""
    draws = random.Random(key)
    payer, payee = draws.sample(users, 2)
    journal.say("try", key)
    if early:
        journal.say("ack", key, UUID(int=0), 0)
    answer = await bank.transfer(payer, payee, draws.randint(1, 400), key=key, body=key.encode(), category=key)
    if isinstance(answer, Refusal):
        journal.say("ref", key)
    elif not early:
        assert isinstance(answer, Booking)
        journal.say("ack", key, answer.transaction_id, answer.position)


async def main(path: Path, users: list[UUID], prefix: str, *, early: bool) -> None:
    """Books until it is killed."""
    journal = Journal(path)
    numbers = count(1 + max((int(line.split()[1].split("-")[1]) for line in journal.lines), default=0))
    urls = {role: os.environ[f"TEST_{role.upper()}_URL"] for role in ("api", "identity")}
    async with open_ledger(urls) as bank:
        for key in unanswered(journal.lines):
            await transfer(bank, journal, users, key, early=early)

        async def work() -> None:
            while True:
                await transfer(bank, journal, users, f"{prefix}-{next(numbers)}", early=early)

        await asyncio.gather(*(work() for _ in range(WORKERS)))


if __name__ == "__main__":
    file, ids, name, *flags = sys.argv[1:]
    asyncio.run(main(Path(file), [UUID(one) for one in ids.split(",")], name, early="--early" in flags))
