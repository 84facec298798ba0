"""What holds for every read model, whatever it says."""

from collections.abc import Iterable, Sequence
from random import Random
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fintwin.domain.streams import Recorded
from fintwin.projections.catalogue import READ_MODELS
from fintwin.projections.model import ROW_IDS, Key, ReadModel, Rows, encode_rows, fold_all, row_id
from fintwin.projector import folding as folding_module
from fintwin.projector.batch import runs_of
from fintwin.projector.folding import Folding
from fintwin.store.projecting import Written
from tests.projections.histories import histories, history

every_model = pytest.mark.parametrize("model", READ_MODELS, ids=lambda model: model.name)


class Tables:
    """The tables of one build, kept in memory under the same rules: an insert meets no row, an update meets one."""

    def __init__(self) -> None:
        self.rows: Rows = {}

    def load(self, named: Iterable[tuple[UUID, Key]], users: Sequence[UUID], table: Any) -> list[Any]:
        """What the database would give."""
        found = [self.rows[user][key] for user, key in named if key in self.rows.get(user, {})]
        return found + [row for user in users for key, row in self.rows.get(user, {}).items() if key[0] == table.name]

    def write(self, changes: Iterable[Written]) -> None:
        """What the database would do."""
        for change in changes:
            for row in change.inserted:
                of_user = self.rows.setdefault(row.user_id, {})
                assert change.table.key_of(row) not in of_user
                of_user[change.table.key_of(row)] = row
            for row in change.updated:
                assert change.table.key_of(row) in self.rows[row.user_id]
                self.rows[row.user_id][change.table.key_of(row)] = row
            for user, *fields in change.deleted:
                del self.rows[user][change.table.name, *fields]


@every_model
@given(events=histories())
@settings(max_examples=25, deadline=None)
def test_two_runs_give_the_same_bytes(model: ReadModel, events: list[Recorded]) -> None:
    """Folding the same history twice gives the same bytes, ids and times included."""
    assert encode_rows(model, fold_all(model, events)) == encode_rows(model, fold_all(model, events))


@every_model
@given(events=histories(), seed=st.integers(0, 999), kept=st.sampled_from([0, 3, 100_000]))
@settings(max_examples=25, deadline=None)
def test_batches_and_forgetting_change_nothing(model: ReadModel, events: list[Recorded], seed: int, kept: int) -> None:
    """However the log is cut into batches, and whatever is dropped from memory between them, the rows are the same."""
    draw = Random(seed)
    tables = Tables()
    folding = Folding(model, version=1, position=0)
    before, folding_module.KEPT_ROWS_MAX = folding_module.KEPT_ROWS_MAX, kept  # type: ignore[misc]
    try:
        while folding.position < len(events):
            end = folding.position + draw.randint(1, 20)
            batch = runs_of(events[folding.position : end])
            needed = folding.needs(batch)
            for table in model.tables:
                folding.learn(table, tables.load(needed.named.get(table, ()), needed.users, table))
            folding.whole(needed.users)
            for run in batch:
                folding.take(run)
            tables.write(folding.taken())
            folding.position = end
            folding.trim()
            if draw.random() < 0.1:
                folding.forget()
    finally:
        folding_module.KEPT_ROWS_MAX = before  # type: ignore[misc]
    assert encode_rows(model, tables.rows) == encode_rows(model, fold_all(model, events))


@every_model
@given(events=histories())
@settings(max_examples=15, deadline=None)
def test_one_users_rows_need_only_that_users_events(model: ReadModel, events: list[Recorded]) -> None:
    """What a user reads follows from the own events alone: nobody else's can be seen in it."""
    everything = fold_all(model, events)
    for user in {one.user_id for one in events}:
        alone = fold_all(model, [one for one in events if one.user_id == user])
        of_user = {user: everything[user]} if user in everything else {}
        assert encode_rows(model, of_user) == encode_rows(model, alone)


@every_model
def test_rows_are_written_as_they_are_declared(model: ReadModel) -> None:
    """Every row begins with its user, and key fields are never optional."""
    for table in model.tables:
        assert table.row.__struct_fields__[0] == "user_id"
        assert 1 <= table.key_fields <= len(table.row.__struct_fields__)


def test_ids_of_rows_are_name_based() -> None:
    """The id of a row is the UUID of version 5 that any library gives for shard, position and kind."""
    for event in history(seed=1, steps=5):
        assert row_id(event, "deposit") == uuid5(ROW_IDS, f"0:{event.position}:deposit")
