"""As whom a part of the service is connected: never as somebody for whom row level security does not hold.

Every tenant's wall is a policy of the database. It does not hold for superusers, for roles with BYPASSRLS and for the owner of a
table; so a part that finds itself connected as one of these refuses to start, in one sentence that names the setting.

    await refuse_mighty(pool, "api")    # raises SettingsError
"""

from __future__ import annotations

from fintwin.settings import SettingsError, url_variable
from fintwin.store.connect import Connection, Pool

# The projector owns the tables that it writes; they hold nothing that is not in the log.
_STANDING = """
SELECT current_user AS name, r.rolsuper AS super, r.rolbypassrls AS bypasses, EXISTS (
    SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relrowsecurity AND (n.nspname <> 'read' OR $1 <> 'projector') AND pg_has_role(c.relowner, 'MEMBER')
) AS owns
FROM pg_roles r WHERE r.rolname = current_user
"""


async def refuse_mighty(database: Pool | Connection, role: str) -> None:
    """Raises `SettingsError` where a connection made for ``role`` is above row level security."""
    found = await database.fetchrow(_STANDING, role)
    told = next(
        (
            text
            for text, holds in (
                ("is a superuser", found["super"]),
                ("bypasses row level security", found["bypasses"]),
                ("owns the tables", found["owns"]),
            )
            if holds
        ),
        None,
    )
    if told is not None:
        msg = f"{url_variable(role)} connects as {found['name']}, which {told}: connect as the role fintwin_{role}."
        raise SettingsError(msg)
