"""What types alone cannot say about a description: mistakes with file and line."""
