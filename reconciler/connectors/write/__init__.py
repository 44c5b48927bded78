"""Writing one record: how a description says it, what is sent, and what it came to."""
