"""Measurements, one subject a module; each has `ABOUT`, its text on the page, and `measure`."""
