"""Telling somebody outside what happened: by a signed POST, or by mail. Bounded in time, tried a few times."""
