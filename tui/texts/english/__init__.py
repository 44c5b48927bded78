"""The terminal UI in English. Each module holds one part: a mapping `TEXTS` from id to text."""
