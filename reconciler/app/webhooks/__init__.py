"""Webhooks from the delivery to the finding: intake, queue, reading a record again on both sides, comparing its key."""
