"""Workbooks: the rows of a sheet into records, whichever program wrote it."""
