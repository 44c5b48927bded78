"""What is kept between runs: snapshots as Parquet files, and the state (runs, findings, marks) in SQL."""
