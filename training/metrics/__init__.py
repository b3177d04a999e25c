"""From embeddings to error rates: pairs, rates with intervals, operating points, likelihood ratios.

Everything here is numpy on energies; nothing knows of networks or files.
"""
