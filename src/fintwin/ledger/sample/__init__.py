"""A made-up person with two years behind them, for whoever wants to look at FinTwin before trusting it with anything.

`habits` holds what this person earns, owes and likes, `life` turns that and a seed into movements, `booking` books them by the
same door as everything else. No name in it is a real person's or shop's.

    await lived_in(ledger, user_id, seed=7, today=date(2026, 7, 1), currency="EUR")
"""

from fintwin.ledger.sample.booking import lived_in as lived_in
