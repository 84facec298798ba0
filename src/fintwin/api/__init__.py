"""The HTTP interface: thin handlers that parse, call and answer. One module per noun."""
