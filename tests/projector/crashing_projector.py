"""A projector process that ends itself, as kill -9 would, when it comes to a named point for the n-th time.

python -m tests.projector.crashing_projector URL "before commit" 3
"""

import asyncio
import os
import signal
import sys

from fintwin.projector import applying
from fintwin.projector.runner import Projector
from fintwin.store.connect import open_pool


async def main(url: str, point: str, times: int) -> None:
    """Projects until the point is reached so often; for ever where it never is."""
    left = times
    # So small that a short log takes several.
    applying.BATCH_EVENTS = 6  # type: ignore[misc]

    def reach(name: str) -> None:
        nonlocal left
        if name == point:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    pool = await open_pool(url, size_max=5)
    await Projector(pool, holder=f"crashing {os.getpid()}", reach=reach).run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
