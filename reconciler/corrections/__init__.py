"""Corrections: from findings to exactly what is written, who allowed it, and what became of it (DESIGN.md 9)."""
