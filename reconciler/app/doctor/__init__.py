"""Diagnosing an installation, and a support bundle that holds no secret and nobody's data."""
