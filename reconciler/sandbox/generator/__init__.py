"""Makes the records of both systems from one truth, plants discrepancies and says which. Deterministic by seed."""
