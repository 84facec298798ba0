"""What a build of a read model was made from, as hashes: a fold or table that was changed since is noticed by them.

The fold's hash covers the module of the fold and every module of the core that it imports, and on; so a changed rule of the
domain counts as a changed fold too.

>>> from fintwin.projections import accounts
>>> [name.removeprefix("fintwin.") for name in modules_of(accounts.MODEL)][:2]
['projections.accounts', 'domain.accounts.events']
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from fintwin.projections.model import ReadModel
from fintwin.settings import sql_folder
from fintwin.store.building import Sources

# Read as text: the layout of import statements is the formatter's, and parsing every module takes its time.
_IMPORT: Final = re.compile(r"^from (fintwin\.(?:projections|domain)[\w.]*) import (\([^)]*\)|[^\n]*)", re.MULTILINE)
_NAME: Final = re.compile(r"\b[a-z]\w*\b")


def sources_of(model: ReadModel, folder: Path | None = None) -> Sources:
    """SQL and hashes of a read model as the code stands now."""
    place = (folder or sql_folder("projections")) / model.name
    table = (place / "table.sql").read_text("utf-8")
    queries = (place / "queries.sql").read_text("utf-8")
    return Sources(table, queries, _fold_hash(model), _hash(table), _hash(queries))


def modules_of(model: ReadModel) -> list[str]:
    """Names of all modules that the fold lives on, its own first."""
    found = [model.fold.__module__]
    for name in found:
        found += [other for other in dict.fromkeys(_imports(_source(name))) if other not in found]
    return found


def _fold_hash(model: ReadModel) -> str:
    return _hash(*(str(part) for part in (model.version, *map(_source, sorted(modules_of(model))))))


def _hash(*texts: str) -> str:
    digest = sha256()
    for text in texts:
        digest.update(text.encode() + b"\0")
    return digest.hexdigest()


@cache
def _source(module: str) -> str:
    file = import_module(module).__file__
    assert file is not None, f"{module} has no source"
    return Path(file).read_text("utf-8")


def _imports(source: str) -> Iterator[str]:
    for package, names in _IMPORT.findall(source):
        yield package
        for name in _NAME.findall(names):
            if _is_module(f"{package}.{name}"):
                yield f"{package}.{name}"


@cache
def _is_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False
