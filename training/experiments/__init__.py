"""Experiments of several runs: cross-validation and seeds."""
