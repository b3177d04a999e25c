"""Fitting: the training loop and its parts."""
