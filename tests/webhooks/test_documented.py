"""The examples of docs/webhooks.md verify what is really sent, and refuse what is not."""

import json
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from fintwin.webhooks.messages import headers, new_secret

PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()
BODY = b'{"amount":12.50}'


def example(language: str) -> str:
    """The one block of a language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


def cases() -> tuple[str, list[tuple[dict[str, str], bytes, bool]]]:
    """A secret, and deliveries with whether they are to be believed."""
    secret, now = new_secret(), int(time.time())
    good = headers("hook", 7, BODY, secret, at=now)
    late = headers("hook", 7, BODY, secret, at=now - 400)
    return secret, [
        (good, BODY, True),
        (good | {"webhook-signature": f"v1,AAAA {good['webhook-signature']}"}, BODY, True),
        (good, BODY + b" ", False),
        (good | {"webhook-id": "hook_8"}, BODY, False),
        (good | {"webhook-timestamp": str(now + 1)}, BODY, False),
        (good | {"webhook-signature": "v1,"}, BODY, False),
        (headers("hook", 7, BODY, new_secret(), at=now), BODY, False),
        (late, BODY, False),
    ]


def test_the_example_in_python_verifies() -> None:
    """What we send is believed; another body, id, time, secret or an old one is not."""
    known: dict[str, object] = {}
    exec(compile(example("python"), "docs/webhooks.md", "exec"), known)  # noqa: S102  the example is what is tested
    secret, tries = cases()
    verified = known["verified"]
    assert callable(verified)
    assert [verified(secret, told, body) for told, body, _ in tries] == [good for _, _, good in tries]


def test_the_example_in_node_verifies(tmp_path: Path) -> None:
    """The same."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not on this machine: the example in JavaScript is not run")
    secret, tries = cases()
    (tmp_path / "verify.mjs").write_text(example("js"))
    (tmp_path / "cases.json").write_text(json.dumps([[told, body.decode()] for told, body, _ in tries]))
    script = (
        "import { readFileSync } from 'node:fs'; import { verified } from './verify.mjs';"
        "const tries = JSON.parse(readFileSync('cases.json', 'utf8'));"
        f"console.log(JSON.stringify(tries.map(([h, b]) => verified({json.dumps(secret)}, h, Buffer.from(b)))));"
    )
    (tmp_path / "run.mjs").write_text(script)
    done = subprocess.run([node, "run.mjs"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [good for _, _, good in tries]


PUBLISHED_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"  # pragma: allowlist secret
PUBLISHED_SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="  # pragma: allowlist secret
PUBLISHED_KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # pragma: allowlist secret


def test_signatures_are_those_of_the_specification() -> None:
    """A published example of the Standard Webhooks: secret, id, time, body, signature."""
    known: dict[str, object] = {}
    frozen = example("python").replace("time.time()", "1614265330")
    exec(compile(frozen, "docs/webhooks.md", "exec"), known)  # noqa: S102
    verified = known["verified"]
    assert callable(verified)
    published = {
        "webhook-id": PUBLISHED_ID,
        "webhook-timestamp": "1614265330",
        "webhook-signature": PUBLISHED_SIGNATURE,
    }
    assert verified(PUBLISHED_KEY, published, b'{"test": 2432232314}')
