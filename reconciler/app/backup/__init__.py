"""Backups of what is kept on this machine, made while work goes on, and their restoration."""
