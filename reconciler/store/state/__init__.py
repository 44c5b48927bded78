"""The state: runs, snapshot manifest, findings, decisions and tokens in one SQL database.

Import the module you need: `records` holds plain values and loads nothing; `state` opens the database and loads
SQLAlchemy.
"""
