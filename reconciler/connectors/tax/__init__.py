"""Asking a system for the taxes of a quote, as its description says."""
