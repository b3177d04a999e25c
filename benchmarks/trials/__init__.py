"""Trials: contenders that alternate round by round, and ratios between them."""
