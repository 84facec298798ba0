"""What a benchmark has to say: ratios measured in one run, the targets they are held against, and absolute figures as a note."""

import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Target:
    """A ratio that must reach a bound (or stay below it)."""

    what: str
    value: float
    bound: float
    at_most: bool = False

    @property
    def met(self) -> bool:
        """Whether the bound holds."""
        return self.value <= self.bound if self.at_most else self.value >= self.bound

    def line(self) -> str:
        """A row of the table of targets."""
        sign = "at most" if self.at_most else "at least"
        return f"| {self.what} | {self.value:.2f} | {sign} {self.bound:g} | {'yes' if self.met else '**no**'} |"


@dataclass
class Section:
    """One benchmark's chapter of docs/benchmarks.md."""

    title: str
    text: str
    head: Sequence[str] = ()
    rows: list[Sequence[str]] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)

    def markdown(self) -> str:
        """The chapter."""
        parts = [f"## {self.title}", "", self.text, ""]
        if self.targets:
            parts += ["| ratio | measured | target | met |", "|---|---|---|---|"]
            parts += [target.line() for target in self.targets] + [""]
        if self.rows:
            parts += ["| " + " | ".join(self.head) + " |", "|" + "---|" * len(self.head)]
            parts += ["| " + " | ".join(row) + " |" for row in self.rows] + [""]
        return "\n".join(parts)


def machine() -> str:
    """The machine's facts in a sentence."""
    model = "unknown processor"
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    return (
        f"{os.cpu_count()} cores ({model}), {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, commit {commit or 'unknown'}"
    )
