"""Embeddings in two dimensions: maps of a data set."""
