"""The actions, one module for each part of the application; `actions.py` puts them together."""
