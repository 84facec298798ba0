"""Python's search for garbage in cycles, and when a process of ours can do with less of it.

Events, rows, heads and answers hold no cycles and are freed at once by their reference counts. Looking for cycles among them
took a sixth of the time of a booking over HTTP, and as much as the folds themselves in the projector.

    rest_garbage_collection()  # once, when the process has loaded what it keeps
"""

import gc


def rest_garbage_collection() -> None:
    """What is there now is never looked at again; what comes is looked at a hundredth as often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
