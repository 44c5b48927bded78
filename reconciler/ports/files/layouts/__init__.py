"""Layouts of text files: lines, cells, XML elements and JSON objects into records."""
