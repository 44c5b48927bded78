"""Snapshots: what each side held, as Parquet files named by their content, kept per run (DESIGN.md, decision 5)."""
