"""The folder of a run, and where it came from."""
