"""The command line: thin, one module per command; `fintwin --help` lists them."""
