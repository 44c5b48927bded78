"""Files that systems exchange: folders near and far, what was taken in from them, and the layouts inside."""
