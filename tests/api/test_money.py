"""Money in, money out: exactly what was meant, or a clear refusal and no event (issue: "Done when" 7)."""

import pytest

from tests.api.people import PROFILE, Service

pytestmark = pytest.mark.asyncio(loop_scope="module")

TAKEN = [
    ("USD", "1250.50", "1250.50"),
    ("USD", '"1250.50"', "1250.50"),
    ("USD", "1250.5", "1250.50"),
    ("USD", "0.01", "0.01"),
    ("USD", "1e3", "1000.00"),
    ("USD", "9999999999999.99", "9999999999999.99"),
    ("USD", "0.1", "0.10"),
    ("JPY", "500", "500"),
    ("JPY", "999999999999999", "999999999999999"),
    ("BHD", "0.001", "0.001"),
    ("BHD", "12.5", "12.500"),
]
REFUSED = [
    ("USD", "0", 422, "amount_not_positive"),
    ("USD", "0.00", 422, "amount_not_positive"),
    ("USD", "0e999999999", 422, "amount_not_positive"),
    ("USD", "-5", 422, "amount_not_positive"),
    ("USD", '"-0.01"', 422, "amount_not_positive"),
    ("USD", "1.234", 422, "amount_precision"),
    ("USD", "1." + "0" * 5000 + "1", 422, "amount_precision"),
    ("USD", "1e-400", 422, "amount_precision"),
    ("JPY", "0.5", 422, "amount_precision"),
    ("BHD", "0.0001", 422, "amount_precision"),
    ("USD", "1e400", 422, "amount_too_large"),
    ("USD", "99999999999999.99", 422, "amount_too_large"),
    ("JPY", "1000000000000000", 422, "amount_too_large"),
    ("USD", "1" * 5000, 422, "amount_too_large"),
    ("USD", '"NaN"', 422, "amount_not_finite"),
    ("USD", '"Infinity"', 422, "amount_not_finite"),
    ("USD", "NaN", 400, "malformed"),
    ("USD", "true", 400, "malformed"),
    ("USD", '"12,5"', 400, "malformed"),
    ("USD", '"a lot"', 400, "malformed"),
    ("USD", '""', 400, "malformed"),
    ("USD", "null", 400, "malformed"),
    ("USD", "[5]", 400, "malformed"),
    ("USD", "1e99999999999999999999", 400, "malformed"),
    ("USD", "01", 400, "malformed"),
]


@pytest.mark.parametrize(("currency", "sent", "told"), TAKEN)
async def test_an_amount_comes_back_as_it_was_meant(app: Service, currency: str, sent: str, told: str) -> None:
    """The very digits of the answer: amount and balance, with the currency's decimals and as JSON numbers."""
    person = await app.person(currency)
    answer = await person.post("/api/transactions/", f'{{"type":"deposit","amount":{sent}}}'.encode())
    assert answer.status == 201, answer.text
    assert f'"amount":{told},' in answer.text
    assert f'"balance_after":{told},' in answer.text
    assert f'"balance":{told},' in (await person.get(f"/api/accounts/{person.id}/balance")).text


@pytest.mark.parametrize(("currency", "sent", "status", "code"), REFUSED, ids=lambda value: str(value)[:24])
async def test_a_bad_amount_is_refused_and_nothing_is_booked(
    app: Service, currency: str, sent: str, status: int, code: str
) -> None:
    """A readable sentence, a stable code, no event."""
    person = await app.person(currency)
    before = await person.positions()
    answer = await person.post("/api/transactions/", f'{{"type":"deposit","amount":{sent}}}'.encode())
    assert (answer.status, answer.code) == (status, code), answer.text
    assert len(answer.json["detail"]) > 10
    assert await person.positions() == before


@pytest.mark.parametrize(
    ("income", "status", "code"),
    [
        ("0", 200, None),
        ("2500.55", 200, None),
        ("-1", 422, "amount_not_positive"),
        ("0.001", 422, "amount_precision"),
        ("1e400", 422, "amount_too_large"),
        ("true", 400, "malformed"),
    ],
)
async def test_the_monthly_income_is_money_too(app: Service, income: str, status: int, code: str | None) -> None:
    """Zero and more, in the currency's decimals."""
    person = await app.newcomer()
    rest = {name: value for name, value in PROFILE.items() if name != "monthly_income"}
    fields = ",".join(f'"{name}":"{value}"' for name, value in rest.items())
    answer = await person.put("/api/auth/profile", f'{{{fields},"monthly_income":{income}}}'.encode())
    assert (answer.status, answer.code) == (status, code), answer.text


async def test_hundreds_of_cents_add_up_exactly(app: Service) -> None:
    """A hundred times 0.01 is 1.00."""
    person = await app.person()
    items = [{"type": "deposit", "amount": "0.01"} for _ in range(100)]
    answer = await person.post("/api/transactions/batch", {"items": items})
    assert answer.json["booked"] == 100
    assert '"balance":1.00,' in (await person.get(f"/api/accounts/{person.id}/balance")).text
