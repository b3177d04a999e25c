"""Losses, one per file: each maps (embeddings, identities) to a scalar.

Losses of pair models map (energies, labels) to a scalar: see `training.fit.objective`. A loss
declares its inputs, and whether rows 2k and 2k + 1 have to be a pair: see
`training.fit.loss_compatibility`.
"""
