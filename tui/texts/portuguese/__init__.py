"""A interface de terminal em português do Brasil. Each module holds one part: a mapping `TEXTS` from id to text."""
