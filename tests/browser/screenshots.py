"""Pictures of every screen into docs/screenshots, from a service of its own: `make screenshots`."""

from tests.browser.running import ROOT, missing, run_script, running_service


def main() -> None:
    """Ends with a sentence where something is missing."""
    lacking = missing()
    if lacking is not None:
        raise SystemExit(f"No screenshots: {lacking}.")
    with running_service() as service:
        print(run_script("screenshots.mjs", service.url, str(ROOT / "docs" / "screenshots"), timeout_s=900))  # noqa: T201


if __name__ == "__main__":
    main()
