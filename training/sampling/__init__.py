"""Samplers, one per file: each draws the batches of an epoch from the training images.

`epoch(labels, batch_size, rng)` takes each image's identity, (images,), the maximum number of
images in a batch and the epoch's own generator, and returns image indices, (steps, batch).

A sampler whose images 2k and 2k + 1 are a pair declares it with `draws_pairs`: see
`training.fit.loss_compatibility`.
"""
