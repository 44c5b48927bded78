"""One function per use case; the only room that the command line and other faces call (DESIGN.md, decision 11)."""
