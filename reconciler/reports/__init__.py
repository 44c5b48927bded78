"""Reports of one run, built from one frozen object: HTML to read, XLSX to work through, JSON and CSV to process."""
