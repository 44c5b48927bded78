"""XML: one safe parser, answers as JSON-like trees, and elements made from tables."""
