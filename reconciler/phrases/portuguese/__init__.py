"""The Portuguese of the phrases, one module for each part of the program."""
