"""One slice of commands: decided together, appended together, answered one by one.

>>> from fintwin.ledger.states import States
>>> len(Slice([], States()).batch)
0
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

from uuid_utils.compat import uuid7

from fintwin.domain.accounts.decide import ALREADY_REVERSED, PAST_UNKNOWN, RECIPIENT_CANNOT_RECEIVE, UNKNOWN_ACCOUNT
from fintwin.domain.catalogue import encode
from fintwin.domain.hashing import microseconds
from fintwin.domain.refusals import Code, Refusal
from fintwin.domain.streams import StreamKey
from fintwin.ledger.plans import Change
from fintwin.ledger.states import Known, States, add_change, add_question
from fintwin.ledger.submission import (
    Booked,
    LedgerFaultError,
    NotApplied,
    Receipt,
    Replay,
    Submission,
)
from fintwin.store.append import Appended, Batch, Verdict

KEY_REUSED = Refusal(
    Code.IDEMPOTENCY_KEY_REUSED, "This idempotency key was used for another request before; use a new one."
)
_ANSWERS = {
    Verdict.NO_RECIPIENT: UNKNOWN_ACCOUNT,
    Verdict.RECIPIENT_CANNOT_RECEIVE: RECIPIENT_CANNOT_RECEIVE,
    Verdict.ALREADY_REVERSED: ALREADY_REVERSED,
    Verdict.KEY_REUSED: KEY_REUSED,
}


class Slice:
    """The commands of one append. `decide` fills the batch; `settle` hands out what became of it.

    ``set_aside`` are those that count before what is booked already, and all that come after them on the same account: they
    need the account's past (`ledger.pasts`), which is not read while others wait.
    """

    __slots__ = ("_changes", "_states", "_undated_at", "batch", "set_aside", "submissions")

    def __init__(
        self, submissions: Sequence[Submission], states: States, *, undated_at: datetime | None = None
    ) -> None:
        """``states`` are shared with the other slices of the writer.

        ``undated_at``: when the log takes what counts from its recording, where nothing may be decided on an earlier guess.
        """
        self.submissions: Sequence[Submission] = submissions
        self.set_aside: list[Submission] = []
        self._undated_at = undated_at
        self.batch = Batch()
        self._states = states
        self._changes: list[list[Change]] = []

    def decide(self) -> None:
        """Decide every command on the states as the ones before leave them, and fill the batch.

        A command that cannot even be decided is our bug: it fails alone and leaves the slice.
        """
        decidable = []
        aside = self._states.aside
        for submission in self.submissions:
            if aside and not aside.isdisjoint(submission.plan.streams):
                self.set_aside.append(submission)
                continue
            known = [self._states.get(submission.user_id, stream) for stream in submission.plan.streams]
            try:
                decided = submission.plan.decide([None if one is None else one.state for one in known])
            except Exception as error:  # noqa: BLE001  the others of the slice are not to blame
                fault = LedgerFaultError(f"{type(submission.plan).__name__} could not be decided")
                fault.__cause__ = error
                submission.fail(fault)
                continue
            if decided is PAST_UNKNOWN:
                aside.update(submission.plan.streams)
                self.set_aside.append(submission)
                continue
            decidable.append(submission)
            self._add(submission, known, decided)
        self.submissions = decidable

    def _add(self, submission: Submission, known: list[Known | None], decided: list[Change] | Refusal) -> None:
        states, batch, plan = self._states, self.batch, submission.plan
        user_id, own = submission.user_id, plan.streams
        if isinstance(decided, Refusal):
            submission.refusal = decided
            batch.add_command(user_id, submission.transaction_id, submission.key, submission.request, None)
            for stream, one in zip(own, known, strict=True):
                add_question(batch, stream, one)
            self._changes.append([])
            return
        submission.refusal = None
        batch.add_command(user_id, submission.transaction_id, submission.key, submission.request, plan.reverses)
        effective_at = plan.effective_at
        effective_us = None if effective_at is None else microseconds(effective_at)
        counts_at = effective_at or self._undated_at or submission.at
        for change in decided:
            before = states.get(user_id, change.stream)
            after = states.apply(user_id, submission.transaction_id, change, counts_at)
            # A payee learns nothing of the payer's request.
            metadata = submission.metadata if change.stream in own else b"{}"
            add_change(batch, change, before, after, effective_us, encode(change.event), metadata)
        self._changes.append(decided)

    def streams(self) -> frozenset[StreamKey]:
        """All streams that the slice asks about or changes."""
        return self.batch.streams()

    def settle(
        self, appended: Appended, *, atomic: bool = False, in_flight: AbstractSet[StreamKey] = frozenset()
    ) -> list[Submission]:
        """Answer every command but those in conflict; these are given back, in order, to be decided again.

        Of an atomic batch nobody is answered if a conflict is what it fails for first: all are decided again together.
        If something else is, the batch has failed, and what is in conflict hangs on the command that cannot be.

        The heads just told are taken over, but for streams that another append in flight is about to change.
        """
        if atomic and _first_failure(appended) == Verdict.CONFLICTED:
            self._states.forget(self.streams())
            self._states.refresh(head for head in appended.heads if head.stream not in in_flight)
            return [_once_more(one) for one in self.submissions]
        again: list[Submission] = []
        event = 0
        for index, submission in enumerate(self.submissions):
            changes = self._changes[index]
            asked = len(changes) if submission.refusal is None else len(submission.plan.streams)
            verdict = appended.verdicts[index]
            if verdict == Verdict.APPENDED:
                submission.resolve(self._receipt(submission, changes, appended, index, event))
            else:
                self._states.forget(change.stream for change in changes)
                if verdict == Verdict.CONFLICTED and not atomic:
                    again.append(_once_more(submission))
                else:
                    self._answer(submission, Verdict(verdict), appended, index)
            event += asked
        self._states.refresh(head for head in appended.heads if head.stream not in in_flight)
        return again

    def _receipt(
        self, submission: Submission, changes: list[Change], appended: Appended, index: int, event: int
    ) -> Receipt:
        last = appended.positions[index]
        assert last is not None
        booked = []
        for offset, change in enumerate(changes):
            version = appended.event_versions[event + offset]
            balance_minor = appended.event_balances_minor[event + offset]
            assert version is not None
            own = appended.event_own[event + offset] is True
            booked.append(Booked(change, last - len(changes) + 1 + offset, version, balance_minor, own))
            self._states.catch_up(change.stream, version, balance_minor)
        effective_at: datetime = submission.plan.effective_at or appended.recorded_at
        return Receipt(submission.transaction_id, last, appended.recorded_at, effective_at, tuple(booked))

    def _answer(self, submission: Submission, verdict: Verdict, appended: Appended, index: int) -> None:
        match verdict:
            case Verdict.REPLAYED:
                position = appended.positions[index]
                assert position is not None
                submission.resolve(Replay(appended.transaction_ids[index], position, appended.balances_minor[index]))
            case Verdict.CONFIRMED:
                assert submission.refusal is not None
                submission.resolve(submission.refusal)
            case Verdict.SIBLING_FAILED | Verdict.CONFLICTED:
                submission.resolve(NotApplied())
            case Verdict.DENIED:
                submission.fail(LedgerFaultError(f"command denied by the log: {type(submission.plan).__name__}"))
            case _:
                submission.resolve(_ANSWERS[verdict])


def _first_failure(appended: Appended) -> int | None:
    passed = (Verdict.APPENDED, Verdict.REPLAYED, Verdict.SIBLING_FAILED)
    return next((verdict for verdict in appended.verdicts if verdict not in passed), None)


def _once_more(submission: Submission) -> Submission:
    """Under a new transaction id: what another slice decided on the try that was dropped must not fit its repetition."""
    submission.transaction_id = uuid7()
    return submission
