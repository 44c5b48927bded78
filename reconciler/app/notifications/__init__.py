"""What is told after a run, to whom, and by which way."""
