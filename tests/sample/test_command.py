import subprocess
import sys
from uuid import UUID

from tests.cli.processes import clean_environment
from tests.conftest import reachable_folder


def run_sample(data: str, *options: str) -> tuple[int, str, str]:
    """Runs the command as people do; exit code, standard output, standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "fintwin", "sample", *options],
        env=clean_environment(FINTWIN_DATA=data),
        text=True,
        capture_output=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_the_command_prints_the_new_users_id() -> None:
    """Alone on standard output, for scripts; a second life for that user is refused in one sentence."""
    with reachable_folder() as folder:
        data = str(folder / "data")
        code, out, errors = run_sample(data, "--seed", "7", "--currency", "usd")
        assert (code, errors.strip().endswith("movements")) == (0, True)
        user = UUID(out.strip())
        assert user.version == 7
        assert run_sample(data, "--user", str(user)) == (2, "", "This user has another sample history already.\n")
        assert run_sample(data, "--currency", "EURO") == (2, "", "'EURO' is not a currency of ISO 4217.\n")
