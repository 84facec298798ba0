"""The habits of this code as functions: source in, complaints out, each with its remedy.

Kept apart from the tests so that every rule is itself tested with code that breaks it.

>>> [text for _, text in forbidden_marks("x = 1  # FIX" + "ME later")]
['an open end is left in the code: finish it or take it out']
"""

import ast
import re
from collections.abc import Callable, Iterator

Complaint = tuple[int, str]
Rule = Callable[[str], Iterator[Complaint]]

MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
MONEY = re.compile(r"(^|_)(amount|balance|money|minor|price|limit)(_minor)?s?$")
IMPURE_MODULES = {"asyncio", "os", "random", "secrets", "socket", "subprocess", "threading", "time"}
CLOCK_AND_CHANCE = {"now", "utcnow", "today", "uuid1", "uuid4", "uuid7", "urandom", "token_bytes"}
NAMES_THAT_SAY_NOTHING = {
    "utils",
    "util",
    "helpers",
    "helper",
    "manager",
    "managers",
    "service",
    "services",
    "misc",
    "common",
}
# Assembled, so that this file does not break its own rule.
OPEN_ENDS = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b|[Nn]ot" + r"[ ]?[Ii]mplemented")
OF_ONE_MACHINE = re.compile(
    r"/wo"
    r"rk/|/op"
    r"t/|/ro"
    r"ot/\.|py"
    r"pi\.org|python"
    r"hosted|registry\.np"
    r"mjs|deb\.deb"
    r"ian|/tm"
    r"p/[a-z]"
)


def module_length(source: str) -> Iterator[Complaint]:
    """A module aims at 250 lines and stays under 400."""
    lines = source.count("\n")
    if lines > MODULE_LINES_MAX:
        yield 1, f"{lines} lines: split it by what the parts are about (at most {MODULE_LINES_MAX}, aim at 250)"


def function_length(source: str) -> Iterator[Complaint]:
    """A function has at most 70 lines, its signature and docstring included."""
    for node in _functions(source):
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > FUNCTION_LINES_MAX:
            yield node.lineno, f"{node.name} has {lines} lines: give its parts names (at most {FUNCTION_LINES_MAX})"


def float_money(source: str) -> Iterator[Complaint]:
    """Money is an integer of minor units from its entry to its exit."""
    remedy = "money is an int of minor units: divide with // or round with the functions of fintwin.domain.money"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation is not None:
            name = node.arg if isinstance(node, ast.arg) else ast.unparse(node.target)
            if MONEY.search(name) and ast.unparse(node.annotation).startswith("float"):
                yield node.lineno, f"{name} is a float: {remedy}"
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target)
            if MONEY.search(target) and isinstance(node.value, ast.BinOp) and isinstance(node.value.op, ast.Div):
                yield node.lineno, f"{target} is the result of a division with /: {remedy}"
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "float" and node.args:
            name = ast.unparse(node.args[0])
            if name.endswith("_minor"):
                yield node.lineno, f"float({name}): {remedy}"


def impurity(source: str) -> Iterator[Complaint]:
    """The core is handed times, ids and seeds; it waits for nothing."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith):
            yield node.lineno, "async in the core: do the waiting in the layer that calls it"
        elif isinstance(node, ast.Import | ast.ImportFrom):
            imported = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            for name in IMPURE_MODULES & {each.split(".")[0] for each in imported}:
                yield node.lineno, f"{name} in the core: let the command carry what it would give"
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            last = called.rpartition(".")[2]
            if last in CLOCK_AND_CHANCE and (called != last or last.startswith("uuid")):
                yield node.lineno, f"{called}() in the core: let the command carry the time, the id or the seed"
            elif called.split(".")[-2:-1] == ["random"] and not (
                node.args and (last == "default_rng" or last[0].isupper())
            ):
                yield (
                    node.lineno,
                    f"{called}() in the core: draw from a generator that was made with the command's seed",
                )


def forbidden_marks(source: str) -> Iterator[Complaint]:
    """What is committed is finished."""
    for number, line in enumerate(source.splitlines(), 1):
        if OPEN_ENDS.search(line):
            yield number, "an open end is left in the code: finish it or take it out"


def of_one_machine(source: str) -> Iterator[Complaint]:
    """Nothing committed knows the machine it was written on."""
    for number, line in enumerate(source.splitlines(), 1):
        if found := OF_ONE_MACHINE.search(line):
            yield number, f"{found.group()!r} is a path or host of one machine: make it relative, or a setting"


def module_docstring(source: str) -> Iterator[Complaint]:
    """A module says what it is, why, and shows one example."""
    text = ast.get_docstring(ast.parse(source)) or ""
    shows = (
        ">>>" in text or re.search(r"^(    |\$ |```)", text, re.MULTILINE) or re.search(r"^\s+\S", text, re.MULTILINE)
    )
    if text.count("\n") < 2 or not shows:
        yield 1, "the module's docstring should say what it is and why, and show one worked example"


def test_docstring(source: str) -> Iterator[Complaint]:
    """A test states its fact in a sentence."""
    for node in _functions(source):
        if node.name.startswith("test_") and not ast.get_docstring(node):
            yield node.lineno, f"{node.name} has no docstring: state in one sentence the fact that it tests"


test_docstring.__test__ = False  # type: ignore[attr-defined]


def says_nothing(name: str) -> bool:
    """Whether a file or folder has one of the names that fit everything."""
    return name.removesuffix(".py").strip("_") in NAMES_THAT_SAY_NOTHING


def defines(source: str, *names: str) -> bool:
    """Whether a module has top-level functions of all these names."""
    return set(names) <= {node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}


def _functions(source: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
