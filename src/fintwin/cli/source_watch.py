"""Notices that somebody saved a source file: for `make dev` only.

Looks at the times of the package's files, once a second at most: no library, no thread, a few milliseconds.

    watch = SourceWatch(Path("src/fintwin"))
    if watch.changed():
        ...
"""

from pathlib import Path


class SourceWatch:
    """Remembers the newest state of the Python files under a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen = self._look()

    def changed(self) -> bool:
        """Whether a file came, went or was saved since the last call."""
        now = self._look()
        changed, self._seen = now != self._seen, now
        return changed

    def _look(self) -> dict[Path, int]:
        found = {}
        for path in self._folder.rglob("*.py"):
            try:
                found[path] = path.stat().st_mtime_ns
            except FileNotFoundError:  # an editor swaps files
                continue
        return found
