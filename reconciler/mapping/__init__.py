"""Vendor records to canonical columns and back: paths, codecs, canonical comparison forms, the trace of one value.

Pure: no I/O, and data never make it raise. Two definitions live side by side: the `*_plain` modules say, one value at
a time, what a form is; the column modules give exactly the same for whole pages, and hand to the plain definition every
value they do not recognise.
"""
