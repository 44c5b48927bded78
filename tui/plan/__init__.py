"""The parts of the screen for plans: lists, panels, decisions, and writing in the background."""
