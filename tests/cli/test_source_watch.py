import os
from pathlib import Path

from fintwin.cli.source_watch import SourceWatch


def test_a_saved_file_is_noticed_once(tmp_path: Path) -> None:
    """Saving, adding and removing count; looking twice does not."""
    module = tmp_path / "module.py"
    module.write_text("x = 1")
    watch = SourceWatch(tmp_path)
    assert not watch.changed()
    os.utime(module, ns=(1, 1))
    assert watch.changed()
    assert not watch.changed()
    (tmp_path / "another.py").touch()
    assert watch.changed()
    module.unlink()
    assert watch.changed()
    (tmp_path / "notes.txt").touch()
    assert not watch.changed()
