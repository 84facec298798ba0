"""Postgres: the only part of FinTwin that talks to the database.

`migrate` lays the tables, `append` writes the log, `read` reads it through the tenant functions, `keys` keeps the users'
keys, `rows` turns rows into events. Nothing outside this package imports asyncpg.
"""
