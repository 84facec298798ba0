"""FinTwin: an event-sourced ledger that you can fork.

Every deposit, withdrawal and transfer is an immutable event in Postgres; read models are folds over those events; the
twin runs the same rules over a user's real history in memory, with hypothetical events appended, and writes nothing.

    >>> import fintwin
    >>> fintwin.__version__.count(".")
    2
"""

__version__ = "0.1.0"
