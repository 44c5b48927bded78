"""The way to production: stages, the guard of writes, what is measured in the pilot week, and what follows from it."""
