"""Quoted error rates beside real ones, on data unlike that of a bundle."""
