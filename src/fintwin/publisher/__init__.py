"""The log on its way to others: the published stream and the form of what is in it."""
