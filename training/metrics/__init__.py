"""Error rates of embeddings: pairs, rates with intervals, operating points, likelihood ratios.

Everything here is numpy on energies; networks and files have no part in it.
"""
