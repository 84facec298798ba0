"""The twin's values as clients see them: every ``*_minor`` is an exact decimal in the currency beside it.

For each struct of the twin one of the same fields is made, with ``balance_minor: int`` as ``balance: Decimal``; the nearest
``currency`` above an amount is the one it is in. So the API's types are the twin's own, and nothing is written down twice.

>>> class Paid(msgspec.Struct):
...     currency: str
...     amounts_minor: list[int]
>>> view = view_of(Paid)
>>> shown(Paid("BHD", [1, 2500]))
PaidView(currency='BHD', amounts=[Decimal('0.001'), Decimal('2.500')])
"""

from __future__ import annotations

import types
from collections.abc import Callable
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec

from fintwin.domain.money import to_decimal

_SUFFIX = "_minor"


@cache
def view_of(kind: type) -> type:
    """The struct that shows a struct of the twin. The twin's structs are trees: none holds itself."""
    hints = get_type_hints(kind)
    fields = [
        (_shown_name(one.name), _shown_type(hints[one.name], is_money=one.name.endswith(_SUFFIX)))
        for one in msgspec.structs.fields(kind)
    ]
    assert len({name for name, _ in fields}) == len(fields), f"{kind.__name__} names an amount like another field"
    view = msgspec.defstruct(f"{kind.__name__}View", fields, module=__name__, frozen=True)
    view.__doc__ = kind.__doc__
    return view


def shown(value: Any, currency: str = "") -> Any:
    """The view of a struct; ``currency`` is that of amounts above which none is named."""
    kind: Any = type(value)
    near = getattr(value, "currency", "") or currency
    view: Any = view_of
    plan: Any = _plan(kind)
    return view(kind)(*(convert(getattr(value, name), near) for name, convert in plan))


def _shown_name(name: str) -> str:
    return name.removesuffix(_SUFFIX)


def _shown_type(hint: Any, *, is_money: bool) -> Any:
    from decimal import Decimal

    if hint is int:
        return Decimal if is_money else int
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return view_of(hint)
    arguments = get_args(hint)
    if not arguments or get_origin(hint) is None:
        return hint
    origin = get_origin(hint)
    if origin in {Union, types.UnionType}:
        return Union[tuple(_shown_type(one, is_money=is_money) for one in arguments)]  # noqa: UP007 - made when running
    if origin in {list, tuple, dict}:
        return origin[tuple(one if one is Ellipsis else _shown_type(one, is_money=is_money) for one in arguments)]
    return hint


@cache
def _plan(kind: type) -> tuple[tuple[str, Callable[[Any, str], Any]], ...]:
    hints = get_type_hints(kind)
    return tuple(
        (one.name, _converter(hints[one.name], is_money=one.name.endswith(_SUFFIX)))
        for one in msgspec.structs.fields(kind)
    )


def _converter(hint: Any, *, is_money: bool) -> Callable[[Any, str], Any]:
    if is_money:
        return _money
    return _as_is if _holds_no_struct(hint) else _inside


def _holds_no_struct(hint: Any) -> bool:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return False
    return all(_holds_no_struct(one) for one in get_args(hint))


def _as_is(value: Any, _currency: str) -> Any:
    return value


def _money(value: Any, currency: str) -> Any:
    if value is None:
        return None
    if isinstance(value, int):
        return to_decimal(value, currency)
    return [_money(one, currency) for one in value]


def _inside(value: Any, currency: str) -> Any:
    if isinstance(value, msgspec.Struct):
        return shown(value, currency)
    if isinstance(value, dict):
        return {key: _inside(one, currency) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_inside(one, currency) for one in value]
    return value
