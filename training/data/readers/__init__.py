"""Readers of data sets, one per layout: folder, zip, LFW, IDX, Omniglot, CSV of pairs."""
