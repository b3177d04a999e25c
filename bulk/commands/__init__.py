"""The commands of `python -m bulk`."""
