"""Your own pairs as a CSV (path1,path2,label), for images without known identities; minutes.

    python -m training train own_pairs --data PAIRS.csv --out runs/pairs
    python -m training export runs/pairs --to model/bundles/pairs

Time: 1.5 minutes on two cores. Figure: it depends on the list; on 450 genuine and 3,000 impostor
pairs of 30 figures drawn by `demo-data`, 13.4 % EER over the 186 pairs that are left to test on.
"""

from model.manifest import Metric
from training.config.sections import SplitConfig
from training.configs.own_folder import CONFIG as OWN_FOLDER
from training.registry import Component

CONFIG = OWN_FOLDER.derive(
    name="own-pairs",
    metric=Metric.L1,
    # A pair whose images are in two parts is lost: large parts lose fewer.
    split=SplitConfig(calibration=0.2, test=0.2),
    canvas=1.25,
    network=Component(
        name="residual",
        options={"widths": [24, 48, 96, 128], "depths": [1, 1, 1, 1], "dim": 64, "dropout": 0.3},
    ),
    augmentation=Component(
        name="jitter", options={"zoom": [0.75, 1.05], "mirror": 0.0, "grey": 0.1, "erase": 0.2}
    ),
    warmup=0.05,
    # Embeddings of length 1 in 64 dimensions are at most 16 apart in L1.
    loss=Component(name="exponential", options={"q": 16.0}),
    sampler=Component(name="listed_pairs", options={"pairs_per_epoch": 1000}),
    optimiser=Component(name="adamw", options={"weight_decay": 0.01}),
    learning_rate=1e-3,
    card={
        "summary": "A verifier trained on your own pairs of images.",
        "intended_use": "Things of the kind that the pairs show, photographed as there.",
        "not_for": "Anything else; its error rates were measured on the listed pairs only.",
    },
)
