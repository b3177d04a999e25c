"""How an epoch is drawn from the training images: one sampler per file.

One whose images 2k and 2k + 1 are a pair says so with `draws_pairs`: see `training.pairing`.
"""
