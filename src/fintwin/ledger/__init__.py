"""Takes commands: load, decide, append.

`plans` say which streams a command is decided on and what it causes there; `writer` gathers concurrent commands, decides
them with the rules of the domain and appends them together; `ledger` is the door that the API, the command line and the
importer use.
"""
