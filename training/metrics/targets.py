"""Target FMRs of the operating points."""

TARGETS = (0.1, 0.05, 0.01, 0.001, 0.0001)
"""Target FMRs of every bundle."""

DEFAULT_TARGET = 0.01
"""Target of the default operating point, where the calibration data supports it."""
