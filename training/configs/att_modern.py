"""A modern encoder on AT&T, begun with the weights of the LFW people, as the paper added FERET's.

    python -m training folds att_modern --data ../shared/data/att_faces.zip \
        --init model/bundles/faces --out runs/att_modern

or, once,

    python -m training train att_modern --data ../shared/data/att_faces.zip \
        --init model/bundles/faces --out runs/att_modern
    python -m training export runs/att_modern --to model/bundles/att-modern

Network and input are those of the bundle that it begins with.

Time: 12 minutes in one thread, on two cores that others shared. Figure: an EER of 6.95 % pooled
over 8 folds, far from the bar of 1 %. Tried on 4 folds (one seed each), beside `faces` as it
stands (6.84 %): the supervised contrastive loss at a learning rate of 0.01 over 4 epochs (7.61 %),
and at 0.03 (worse on the calibration people from the first fold on: stopped); CosFace at 0.01 over
12 epochs (6.90 %), and over 8 short ones without and with grey images (7.33 %, 7.33 %). Other
framings of the same photographs (stretched, padded, set in a border) change nothing either. Some
28 people more teach an encoder of 3,432 next to nothing; what is missing is a better encoder to
begin with.
"""

from model.manifest import Aspect, Card, InputSpec, Metric
from training.components import Component
from training.config import SplitConfig, TrainingConfig
from training.figures import Target

CONFIG = TrainingConfig(
    name="att-modern",
    version="1.0.0",
    input=InputSpec(width=96, height=96, channels=3, aspect=Aspect.CROP),
    canvas=1.25,
    metric=Metric.L2,
    split=SplitConfig(calibration=0.2, test=0.125),
    network=Component(name="residual", options={"dropout": 0.5}),
    loss=Component(name="cosface", options={"margin": 0.1, "scale": 16}),
    sampler=Component(name="pk", options={"per_identity": 4, "images": 1000}),
    augmentation=Component(
        name="jitter",
        options={"zoom": [0.7, 1.05], "shift": 0.05, "rotation": 12, "grey": 1.0, "erase": 0.3},
    ),
    optimiser=Component(name="sgd", options={"weight_decay": 5e-4}),
    epochs=6,
    batch_size=96,
    learning_rate=0.01,
    bfloat16=True,
    seed=1994,
    card=Card(
        summary="The faces encoder, trained on with people of AT&T.",
        intended_use="Comparison with the results published on AT&T's faces.",
        not_for="Any decision about a person; it knows LFW's and AT&T's photographs only.",
        data_licence=(
            "Labeled Faces in the Wild (research, not cleared for commercial use) and the AT&T "
            "(ORL) Database of Faces, AT&T Laboratories Cambridge (credit, no formal licence)."
        ),
    ),
    protocols=(Component(name="separation"), Component(name="claimed_identity")),
    targets=(
        Target(
            figure="EER, pooled over 8 folds",
            at_most=0.01,
            published="3.33 % (Khalil-Hani, Liew 2014, unseen subjects)",
        ),
    ),
)
