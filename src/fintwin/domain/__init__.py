"""The rules of the ledger, and nothing else.

Everything here is pure: no I/O, no clock, no randomness. Time, ids and seeds arrive in the command. Two functions
matter for each noun (accounts, profiles, ...):

``decide(state, command)``
    gives the events that the command causes, or a `Refusal`;
``evolve(state, event)``
    gives the state after an event.

The live ledger, the projections and the twin all run these very functions, so they cannot disagree.

>>> from datetime import UTC, datetime
>>> from fintwin.domain.accounts import Deposit, OpenAccount, decide, evolve
>>> now = datetime(2026, 1, 2, tzinfo=UTC)
>>> (opened,) = decide(None, OpenAccount(at=now, name="Main", kind="checking", currency="EUR"))
>>> state = evolve(None, opened, effective_at=now)
>>> (deposited,) = decide(state, Deposit(at=now, amount_minor=1250_50, currency="EUR"))
>>> evolve(state, deposited, effective_at=now).balance_minor
125050
"""
