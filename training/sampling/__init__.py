"""Samplers, one per file: each draws the batches of an epoch from the training images.

A sampler whose images 2k and 2k + 1 are a pair declares it with `draws_pairs`: see
`training.fit.loss_compatibility`.
"""
