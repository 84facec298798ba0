"""Webhooks: a user's own events, sent to an address of the user's, signed, in order, at least once.

await Deliverer(publisher_pool, hooks, sender, holder="host:1234").run(stop)
"""
