"""Brings a database to the shape this version needs.

A migration is a folder of SQL files, one object a file, run in name order in one transaction as ``fintwin_owner``. Once run
it is never edited: its checksum is kept and compared at each start. Roles belong to the cluster and are made first, by the
administrator who connects. Two processes that start together take turns; a lock that cannot be had within a few seconds
ends the attempt instead of blocking the service behind it.

>>> checksum([("010_a.sql", "SELECT 1;")])[:12]
'0b6e687ed3c6'
"""

from __future__ import annotations

import hashlib
import hmac
import os
import unicodedata
from base64 import b64encode
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import asyncpg

from fintwin.settings import sql_folder

_LOCK: Final = 7_310_441_001
_LEDGER: Final = """
CREATE SCHEMA IF NOT EXISTS meta;
CREATE TABLE IF NOT EXISTS meta.migration (
    name text PRIMARY KEY,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
GRANT USAGE ON SCHEMA meta TO PUBLIC;
GRANT SELECT ON meta.migration TO PUBLIC;
"""


class MigrationError(Exception):
    """The database cannot be brought to this version; the text says why and what to do."""


def checksum(files: Iterable[tuple[str, str]]) -> str:
    """sha256 over names and contents of a migration's files, in order."""
    digest = hashlib.sha256()
    for name, text in files:
        digest.update(f"{name}\0{text}\0".encode())
    return digest.hexdigest()


def migrations(folder: Path | None = None) -> list[tuple[str, list[tuple[str, str]]]]:
    """All migrations in order: name and files ``(file name, SQL)``."""
    root = folder or sql_folder("migrations")
    return [
        (step.name, [(file.name, file.read_text("utf-8")) for file in sorted(step.glob("*.sql"))])
        for step in sorted(root.iterdir())
        if step.is_dir()
    ]


async def migrate(admin_url: str, passwords: Mapping[str, str] | None = None, folder: Path | None = None) -> list[str]:
    """Run what is missing; gives the names of the migrations that ran.

    ``admin_url`` connects as a superuser, or as a role that may create roles and owns the database. ``passwords`` gives
    login roles (``fintwin_api``, ...) their passwords.

    Raises:
        MigrationError: an applied migration was edited or is unknown to this version, or a lock could not be had.
    """
    connection = await asyncpg.connect(admin_url, timeout=30)
    try:
        await connection.execute("SET lock_timeout = '30s'")
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        try:
            await connection.execute((folder or sql_folder("migrations")).joinpath("roles.sql").read_text("utf-8"))
            for role, password in (passwords or {}).items():
                await _set_password(connection, role, password)
            await connection.execute(
                "SET ROLE fintwin_owner; SET lock_timeout = '5s'; SET client_min_messages = warning"
            )
            await connection.execute(_LEDGER)
            return await _apply(connection, migrations(folder))
        except asyncpg.LockNotAvailableError as error:
            msg = "A table that a migration needs is locked by somebody else; nothing was changed. Try again."
            raise MigrationError(msg) from error
        finally:
            await connection.execute("RESET ROLE; SELECT pg_advisory_unlock_all()")
    finally:
        await connection.close()


async def pending(url: str, folder: Path | None = None) -> list[str]:
    """Names of the migrations that the database lacks (asked by a service that may not run them itself)."""
    connection = await asyncpg.connect(url, timeout=30)
    try:
        if await connection.fetchval("SELECT to_regclass('meta.migration')") is None:
            return [name for name, _ in migrations(folder)]
        applied = {row["name"] for row in await connection.fetch("SELECT name FROM meta.migration")}
        return [name for name, _ in migrations(folder) if name not in applied]
    finally:
        await connection.close()


async def _apply(
    connection: asyncpg.Connection[asyncpg.Record], steps: list[tuple[str, list[tuple[str, str]]]]
) -> list[str]:
    applied = {
        row["name"]: row["checksum"] for row in await connection.fetch("SELECT name, checksum FROM meta.migration")
    }
    unknown = sorted(set(applied) - {name for name, _ in steps})
    if unknown:
        msg = f"The database is newer than this version of FinTwin (it has {', '.join(unknown)}): start the newer one."
        raise MigrationError(msg)
    ran: list[str] = []
    for name, files in steps:
        expected = checksum(files)
        if name in applied:
            if applied[name] != expected:
                msg = f"Migration {name} was edited after it had been run; restore its files."
                raise MigrationError(msg)
            continue
        async with connection.transaction():
            for _, sql in files:
                await connection.execute(sql)
            await connection.execute("INSERT INTO meta.migration (name, checksum) VALUES ($1, $2)", name, expected)
        ran.append(name)
    return ran


async def _set_password(connection: asyncpg.Connection[asyncpg.Record], role: str, password: str) -> None:
    # ALTER ROLE takes no parameters; the server quotes the statement itself, so nothing is pasted into SQL by us.
    statement = await connection.fetchval(
        "SELECT format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text)", role, _verifier(password)
    )
    await connection.execute(statement)


def _verifier(password: str) -> str:
    """What Postgres keeps of a password (SCRAM-SHA-256, RFC 5803): so no log of statements can show the password itself."""
    salt, rounds = os.urandom(16), 4096
    salted = hashlib.pbkdf2_hmac("sha256", unicodedata.normalize("NFKC", password).encode(), salt, rounds)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    parts = (b64encode(raw).decode() for raw in (salt, stored, hmac.digest(salted, b"Server Key", "sha256")))
    return "SCRAM-SHA-256${}:{}${}:{}".format(rounds, *parts)
