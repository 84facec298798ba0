"""What the embedded servers say when they cannot start.

One sentence that a person can act on, no traceback: the command line prints it and ends with exit code 2.

    >>> str(EmbeddedError("The port is taken."))
    'The port is taken.'
"""


class EmbeddedError(Exception):
    """The servers cannot be started; the text says why and what to do."""
