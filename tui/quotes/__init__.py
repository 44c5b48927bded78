"""The parts of the screen for quotes: asking for taxes, showing the answer, the list of what drifted."""
