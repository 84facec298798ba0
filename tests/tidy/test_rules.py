import pytest

from tests.tidy import rules

BREAKS = [
    (rules.module_length, "x = 1\n" * 401),
    (rules.function_length, "def f():\n" + "    x = 1\n" * 70),
    (rules.float_money, "def f(amount: float): ..."),
    (rules.float_money, "balance_minor: float = 1"),
    (rules.float_money, "share_minor = amount_minor / 3"),
    (rules.float_money, "x = float(event.amount_minor)"),
    (rules.impurity, "async def f(): ..."),
    (rules.impurity, "import time"),
    (rules.impurity, "from random import choice"),
    (rules.impurity, "from datetime import datetime\nx = datetime.now()"),
    (rules.impurity, "import uuid\nx = uuid.uuid4()"),
    (rules.impurity, "from uuid import uuid4\nx = uuid4()"),
    (rules.impurity, "import numpy as np\nx = np.random.normal(0, 1)"),
    (rules.impurity, "import numpy as np\nx = np.random.default_rng()"),
    (rules.impurity, "import numpy as np\nx = np.random.PCG64()"),
    (rules.forbidden_marks, "# TO" + "DO: later"),
    (rules.forbidden_marks, "raise Not" + "ImplementedError"),
    (rules.of_one_machine, "open('/wo" + "rk/main/x')"),
    (rules.of_one_machine, "https://py" + "pi.org/simple"),
    (rules.module_docstring, '"""One line."""'),
    (rules.module_docstring, "x = 1"),
    (rules.test_docstring, "def test_x(): assert 1"),
]
KEEPS = [
    (rules.float_money, "def f(amount_minor: int, rate: float): return amount_minor // 3"),
    (rules.float_money, "ratio = amount_minor / other_minor"),
    (rules.impurity, "def f(now, seed): return numpy.random.default_rng(seed).normal(), now.time"),
    (rules.impurity, "from datetime import datetime\nx = datetime.fromtimestamp(1)"),
    (rules.impurity, "x = instant.time()"),
    (rules.impurity, "x = np.random.Generator(np.random.SFC64(seed))"),
    (rules.forbidden_marks, "# the method of payment"),
    (rules.module_docstring, '"""What.\n\nWhy.\n\n>>> 1\n1\n"""'),
    (rules.test_docstring, 'def test_x():\n    """A fact."""'),
]


@pytest.mark.parametrize(("rule", "source"), BREAKS)
def test_a_rule_finds_what_breaks_it(rule: rules.Rule, source: str) -> None:
    """Each rule complains about code that breaks it, with a line number and a remedy."""
    complaints = list(rule(source))
    assert complaints
    assert all(line >= 1 and (": " in text or "should" in text) for line, text in complaints)


@pytest.mark.parametrize(("rule", "source"), KEEPS)
def test_a_rule_leaves_good_code_alone(rule: rules.Rule, source: str) -> None:
    """No complaint about code that keeps the rule."""
    assert list(rule(source)) == []


def test_names_that_say_nothing() -> None:
    """`utils.py` is refused; a name with a meaning is not."""
    assert rules.says_nothing("utils.py")
    assert rules.says_nothing("manager")
    assert not rules.says_nothing("services_of_a_bank.py")
