"""Taxes of a quote, from the ERP, now: asked, checked, labelled and in time. Nothing here computes a tax."""
