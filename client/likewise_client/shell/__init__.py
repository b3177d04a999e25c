"""The command `likewise`."""
