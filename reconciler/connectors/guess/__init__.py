"""A first description of an unknown system, guessed from its answers and written down for a person to correct.

Guessing happens here and nowhere else: a description that was written is read strictly (DESIGN.md, decision 1).
"""
