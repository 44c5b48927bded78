"""The terminal of the technical lead: review, approve, apply, ask taxes."""
