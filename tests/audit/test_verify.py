from tests.audit.books import lived_in, tampering, verified
from tests.conftest import Database


async def test_a_log_of_everything_is_sound(database: Database) -> None:
    """Nothing is wrong with what the ledger and the projector wrote, and all of it was looked at."""
    async with lived_in(database), tampering(database) as connection:
        report = await verified(connection)
        assert report.faults == ()
        assert report.sound
        assert (report.events, report.position) == (await connection.fetchval("SELECT count(*) FROM log.event"),) * 2
        assert report.heads == await connection.fetchval("SELECT count(*) FROM log.stream_head")
        assert report.rows > report.events
        assert [book.transit_minor for book in report.books] == [0, 0]
        assert all(book.accounts_minor == -book.world_minor for book in report.books)
