"""What FinBot knows of the product without looking at anybody's figures: how things are done, and what words mean.

>>> topic_in("where can i import my bank file", HOW_TO)
'import'
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple


class Entry(NamedTuple):
    """Words that point here (a pattern), and the text."""

    words: str
    text: str


HOW_TO: Final[Mapping[str, Entry]] = {
    "import": Entry(
        r"import|csv|bank file|statement file",
        "Transactions, Import: choose the CSV of your bank. You see the first rows as they would "
        "be booked, can correct which "
        "column means what, and book them with one press. The same file twice adds nothing, and an "
        "import can be taken back whole.",
    ),
    "reverse": Entry(
        r"reverse|undo|take back|cancel a (?:payment|transaction|transfer)|wrong (?:amount|payment)|mistake",
        "Open the transaction and choose Reverse. Nothing is erased: the opposite movement is "
        "booked, and both show each other. "
        "A deposit or withdrawal is reversed by its owner, a transfer only by whoever received it, each once.",
    ),
    "export": Entry(
        r"export|download",
        "Transactions, Export gives what you see as CSV. Settings, Export my data gives everything "
        "the ledger holds of you.",
    ),
    "erase": Entry(
        r"(?:erase|delete|remove) (?:my )?(?:data|account|everything|profile)|forget me",
        "Settings, Erase my data. Names, notes and contacts become unreadable for good and sign-in "
        "is closed; amounts and dates "
        "stay in the books without them.",
    ),
    "transfer": Entry(
        r"transfer|send|move money|pay (?:somebody|someone|a friend)|my account id",
        "Transactions, Transfer: paste the other account's id (yours is on the dashboard, to copy "
        "and give away). The currency of "
        "the other account is shown before you send; both accounts need the same one.",
    ),
    "deposit": Entry(
        r"deposit|pay in|add money|put money", "Transactions, Deposit: amount, account, and a note if you like."
    ),
    "withdraw": Entry(
        r"withdraw|take out|take money|record (?:a )?(?:payment|expense)",
        "Transactions, Withdraw. More than the available balance is refused, and the answer says what is available.",
    ),
    "scenario": Entry(
        r"scenario|simulat|what.?if|twin|fork",
        "Digital Twin: add steps (a payment, a loan, less spending, a lost income), and the chart "
        "shows your own history going on "
        "with and without them. Nothing of it is booked. Save a run to compare it later with "
        "others or with what really happened.",
    ),
    "plan": Entry(
        r"plan|salary|rent|recurring|subscription",
        "Digital Twin, Recurring shows what was found in your history; each item can be renamed, "
        "ended or switched off there. "
        "Plans beside it take what your history cannot know, like a new rent.",
    ),
    "holding": Entry(
        r"holding|stock|share|fund|portfolio",
        "Portfolio, Add a holding: ticker, quantity, what you paid, what it costs now. New prices "
        "are entered on its row.",
    ),
    "freeze": Entry(
        r"freeze|block|stop payments|unfreeze",
        "On the dashboard open the account and choose Freeze. It still takes money and pays none "
        "until you unfreeze it.",
    ),
    "close": Entry(
        r"close (?:my |an |the )?account", "An account is closed on the dashboard once its balance is 0. That is final."
    ),
    "open": Entry(
        r"open (?:an?|another|new)|second account|savings account|new account",
        "Dashboard, New account: name, kind, currency.",
    ),
    "verify": Entry(
        r"verify|prove|audit|hash|events?",
        "My events, Verify my history: your browser computes the hash chain of your events anew "
        "and checks it against the signed heads.",
    ),
    "notification": Entry(
        r"notification|alert", "Notifications lists them; each can be read or removed, and removed ones stay away."
    ),
    "theme": Entry(r"theme|dark|light|language|locale", "Settings: theme, and the way numbers and dates are written."),
    "session": Entry(
        r"sign out|log ?out|session|device", "Settings lists where you are signed in and ends any of these sessions."
    ),
}

WHAT_IS: Final[Mapping[str, Entry]] = {
    "risk_score": Entry(
        r"risk(?: score)?",
        "The risk score, 0 to 100, is the sum of its reasons. Each reason shows its points, what "
        "was observed, the threshold, the "
        "transactions behind it and what would lower it. Up to 30 is low, up to 60 medium, above that high.",
    ),
    "twin": Entry(
        r"digital twin|twin|fork",
        "The twin replays your own events in memory, appends hypothetical ones, and lets the "
        "ledger's own rules decide what would "
        "happen. It reads and never writes.",
    ),
    "baseline": Entry(
        r"baseline",
        "The baseline is your history going on as it is: recurring flows, everyday spending and plans, no steps.",
    ),
    "fan": Entry(
        r"fan(?: chart)?|percentile|band|uncertainty|monte carlo",
        "The fan shows many possible paths: half of them end between its inner edges, four in five "
        "between the outer ones.",
    ),
    "runway": Entry(
        r"runway|emergency (?:fund|months)",
        "Emergency months: money at hand divided by what a month of essential spending takes.",
    ),
    "savings_rate": Entry(
        r"savings? rate", "The savings rate is what is left of income after spending, own transfers left out."
    ),
    "net_worth": Entry(
        r"net worth", "Net worth adds balances and holdings and takes off what is owed, one sum per currency."
    ),
    "xirr": Entry(
        r"xirr|money.weighted",
        "XIRR is the yearly rate that explains your holdings' value by when you put money in or took it out.",
    ),
    "twr": Entry(
        r"twr|time.weighted",
        "The time-weighted return leaves out when money came and went: it is the growth of one unit held throughout.",
    ),
    "persona": Entry(
        r"persona",
        "The persona comes from your goal and risk appetite; its score moves with what your ledger "
        "shows, never with income alone.",
    ),
    "event": Entry(
        r"event|immutable|ledger|position",
        "Every movement is an event that is never changed. A correction is a further event.",
    ),
    "reversal": Entry(
        r"reversal|reversed",
        "A reversal books the opposite movement. The original stays, marked with what took it back.",
    ),
    "available": Entry(
        r"available|overdraft", "Available is the balance plus the overdraft limit, where the operator has given one."
    ),
    "fintwin": Entry(
        r"fintwin|this app|this product|bank",
        "FinTwin keeps records and calculates. It holds and moves no money, and is no bank, broker or adviser.",
    ),
    "finbot": Entry(
        r"finbot|you\b|chatbot|assistant",
        "FinBot answers from your own figures. The built-in one follows fixed rules on this server; nothing leaves it.",
    ),
}


def topic_in(text: str, entries: Mapping[str, Entry]) -> str:
    """The first entry whose words a text (in lower case) holds; empty where none does."""
    return next((name for name, entry in entries.items() if re.search(rf"\b(?:{entry.words})", text)), "")
