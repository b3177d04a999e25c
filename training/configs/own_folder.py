"""Your own folder of identities, 20 or more with 4 or more images each; minutes on two cores.

    python -m training train own_folder --data PATH --out runs/mine
    python -m training export runs/mine --to model/bundles/mine

Time: about two minutes of processor time for 20 people with 5 images each. Figure: it depends on
the folder; docs/train.md has two, with and without initial weights.
"""

from model.manifest import Aspect, Card, InputSpec, Metric
from training.config.schema import TrainingConfig
from training.config.sections import Optimisation, SplitConfig
from training.registry import Component

CONFIG = TrainingConfig(
    name="own-folder",
    version="1.0.0",
    input=InputSpec(width=64, height=64, channels=3, aspect=Aspect.PAD),
    canvas=1.25,
    metric=Metric.L2,
    split=SplitConfig(calibration=0.25, test=0.25),
    network=Component(
        name="residual",
        options={"widths": [24, 48, 96, 128], "depths": [1, 1, 1, 1], "dim": 64, "dropout": 0.3},
    ),
    loss=Component(name="cosface", options={"margin": 0.1, "scale": 16}),
    # Small sets need more steps than one pass an epoch gives.
    sampler=Component(name="shuffled", options={"per_identity": 50, "images": 2000}),
    augmentation=Component(
        name="jitter", options={"zoom": [0.75, 1.05], "mirror": 0.0, "grey": 0.1, "erase": 0.2}
    ),
    optimiser=Component(name="sgd", options={"weight_decay": 5e-4}),
    optimisation=Optimisation(epochs=30, batch_size=64, learning_rate=0.05, bfloat16=True),
    seed=1,
    card=Card(
        summary="A verifier trained on your own folder of identities.",
        intended_use="Things of the kind that the folder holds, photographed as there.",
        not_for="Anything else; its error rates were measured on that folder's identities only.",
        data_licence="Yours to state: edit `card` in the config before you pass the bundle on.",
    ),
)
