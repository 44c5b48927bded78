"""The test scenarios: each does its steps through the product, as people would, and leaves evidence."""
