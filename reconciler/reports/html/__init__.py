"""The report as one self-contained page: nothing is fetched, nothing needs a script to be read."""
