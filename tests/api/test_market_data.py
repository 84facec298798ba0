from pathlib import Path

import pytest

from fintwin.settings import SettingsError
from tests.api.people import service
from tests.conftest import Database

HEADER = "year,stocks,bonds,bills,inflation\n"


async def test_a_market_file_of_the_operators_own(database: Database, tmp_path: Path) -> None:
    """Its years take the place of those that ship, and the answer says so."""
    file = tmp_path / "market.csv"
    file.write_text(HEADER + "".join(f"{year},0.10,0.02,0.01,0.00\n" for year in range(2001, 2006)))
    async with service(database, FINTWIN_MARKET_DATA=str(file)) as app:
        person = await app.person(deposit=1000)
        returns = {"type": "history", "stock_percent": 100}
        body = {"horizon_months": 24, "uncertainty": {"own_months": False, "returns": returns}}
        answer = await person.post("/api/twin/runs", body)
        assert answer.status == 200, answer.text
        told = answer.json["totals"][0]["uncertainty"]
        assert (told["history"]["first_year"], told["history"]["windows"]) == (2001, 4)
        assert told["history"]["label"] == "a market file of the operator's own"
        assert told["scenario"]["percentiles"][-1] == [1210] * 5
        assert (await person.post("/api/twin/runs", body | {"horizon_months": 72})).code == "history_too_short"


async def test_a_bad_market_file_stops_the_start(database: Database, tmp_path: Path) -> None:
    """In a sentence that says what is wrong with it."""
    file = tmp_path / "market.csv"
    file.write_text(HEADER + "2001,0.1,0.1,0.1,0.1\n2003,0.1,0.1,0.1,0.1\n")
    with pytest.raises(SettingsError, match="jumps from 2001 to 2003"):
        async with service(database, FINTWIN_MARKET_DATA=str(file)):
            pass
