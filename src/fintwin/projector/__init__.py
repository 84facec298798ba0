"""Runs the folds of the read models over the log.

`folding` holds one build of a read model and its rows in memory, `runner` reads the log once for all builds and writes what
they changed, `rebuild` makes one anew beside the live tables, `sources` tells whether a build is still what the code says.
"""
