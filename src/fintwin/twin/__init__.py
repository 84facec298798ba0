"""The twin: a user's real history, forked in memory, changed and projected forward.

Everything in this package is pure. Events, dates, seeds and texts are handed in; nothing is opened but the
market file that ships with the package. Money is whole minor units or an exact decimal; NumPy floats appear
only as growth factors and as the deviation of a random path from an exact line.
"""
