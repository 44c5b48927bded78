"""A person's data: all that is kept of them, taken out or erased (LGPD articles 16 and 18)."""
