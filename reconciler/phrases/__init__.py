"""Sentences that can be said in another language than English."""
