from fintwin.ledger.ledger import Request
from tests.conftest import Database
from tests.projector.projecting_tools import assert_as_in_memory, projector
from tests.support.ledgers import open_ledger


async def test_live_tables_equal_the_fold_in_memory(database: Database) -> None:
    """What the projector wrote event by event is byte for byte what the same folds give over the whole log in memory."""
    async with open_ledger(database) as bank, projector(database) as running:
        anna, ben = await bank.person("EUR", 100_00), await bank.person("EUR", 50_00)
        savings = await bank.further_account(anna)
        await bank.transfer(anna, savings, 30_00)
        await bank.transfer(anna, ben, 20_00, note="lunch")
        booked = await bank.withdraw(ben, 5_00, category="food")
        await running.caught_up()
        await bank.ledger.annotate(Request(user_id=ben), booked.transaction_id, category="drinks", note="tea")
        await bank.ledger.reverse(Request(user_id=ben), booked.transaction_id)
        await running.caught_up()
        await assert_as_in_memory(database, running.pool)
