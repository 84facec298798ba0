"""How far a run is, and whether anybody still wants it.

Lines and futures are walked month by month; each month is counted, and whoever asked may say that it is enough. Then
`StoppedError` goes all the way up, whatever was being worked out: a goal's sum, an effect, a lever, ten thousand futures.

    pace = Pace(lambda done, of: not cancelled)
    pace.expect(24)
    pace.month()          # 1 of 24
"""

from __future__ import annotations

from collections.abc import Callable

Tell = Callable[[int, int], bool]
"""Called with the months done and the months in all, 0 of 0 at first; returning False stops the run."""


class StoppedError(Exception):
    """Whoever asked wants no answer any more."""


class Pace:
    """Counts months; see the module."""

    __slots__ = ("_done", "_of", "_tell")

    def __init__(self, tell: Tell | None = None) -> None:
        """``tell`` None: nobody follows, nothing stops."""
        self._tell = tell
        self._done = self._of = 0

    def expect(self, months: int) -> None:
        """So many months more will be walked."""
        self._of += months

    def month(self, count: int = 1) -> None:
        """Some more months are done."""
        self._done += count
        self.check()

    def check(self) -> None:
        """Raise `StoppedError` where it is enough; for work whose length is not known beforehand."""
        if self._tell is not None and not self._tell(min(self._done, self._of), self._of):
            raise StoppedError
