"""The shard of the log that this version runs.

>>> SHARD
0
"""

from typing import Final

SHARD: Final = 0
"""This version runs one shard; the number is in every key so that there can be more."""
