"""The losses: one per file. Each maps (embeddings, identities) to a scalar.

Those of pair models map (energies, labels): see `training.learning`. A loss says which it reads,
and whether rows 2k and 2k + 1 have to be a pair: see `training.pairing`.
"""
