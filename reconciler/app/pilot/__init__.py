"""The pilot as people and the nightly job use it."""
