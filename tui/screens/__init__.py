"""The screens, one module each; `places.py` says how they are reached."""
