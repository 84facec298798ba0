"""Proving, replaying, exporting and restoring the log.

`verify` holds everything that is stored against the log and the log against its own hashes (`chain` by position, `streams` by
user), `heads` signs and compares the end of the log, `history` replays one user or account, `journal` writes the books for
other programs, `events_file` the log itself, and `restore` reads that back.
"""
