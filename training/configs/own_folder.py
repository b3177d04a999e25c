"""Your own folder of identities, 20 or more with 4 or more images each; ten minutes.

    python -m training train own_folder --data PATH --out runs/mine
    python -m training export runs/mine --to model/bundles/mine

It tries the candidates below on identities held out of training, and trains the best one for the
rest of `--minutes` (10). Figures: they depend on the folder; docs/train.md has some.
"""

from model.manifest import Aspect, Card, InputSpec, Metric
from training.config.candidates import Candidate
from training.config.schema import TrainingConfig
from training.config.sections import Optimisation, SplitConfig
from training.registry import Component

CONFIG = TrainingConfig(
    name="own-folder",
    version="2.0.0",
    input=InputSpec(width=64, height=64, channels=3, aspect=Aspect.PAD),
    canvas=1.0,
    metric=Metric.L2,
    split=SplitConfig(calibration=0.25, test=0.25),
    network=Component(
        name="residual",
        options={
            "widths": [32, 64, 96, 128],
            "depths": [1, 1, 1, 1],
            "dim": 64,
            "dropout": 0.2,
            "blocks": "plain",
            "contrast": "local",
        },
    ),
    loss=Component(name="multi_similarity"),
    # Small sets need more steps than one pass an epoch gives.
    sampler=Component(name="pk", options={"per_identity": 4, "images": 2048, "fill": True}),
    augmentation=Component(
        name="jitter",
        options={"zoom": [0.85, 1.0], "rotation": 6, "mirror": 0.0, "grey": 0.0},
    ),
    optimiser=Component(name="adamw"),
    optimisation=Optimisation(
        epochs=30, batch_size=64, learning_rate=3e-3, warmup=0.3, bfloat16=True
    ),
    seed=1,
    card=Card(
        summary="A verifier trained on your own folder of identities.",
        intended_use="Things of the kind that the folder holds, photographed as there.",
        not_for="Anything else; its error rates were measured on that folder's identities only.",
        data_licence="Yours to state: edit `card` in the config before you pass the bundle on.",
    ),
)

_LIGHT = (
    "augmentation.name=relight",
    'augmentation.options.jitter={"zoom":[0.85,1.0],"rotation":6,"mirror":0.0,"grey":0.0}',
)
_COLOUR_AND_ERASING = (
    "augmentation.options.zoom=[0.75,1.05]",
    "augmentation.options.rotation=10",
    "augmentation.options.grey=0.2",
    "augmentation.options.erase=0.4",
)
_PROTOTYPES = (
    'loss={"name":"cosface","options":{"margin":0.1,"scale":16}}',
    'sampler={"name":"shuffled","options":{"per_identity":50,"images":2048}}',
)
_TUNED = (
    *_COLOUR_AND_ERASING,
    'loss={"name":"cosface","options":{"margin":0.1,"scale":16}}',
    'sampler={"name":"shuffled","options":{"per_identity":50,"images":300}}',
    "optimiser.name=sgd",
    "learning_rate=0.01",
)

CANDIDATES = (
    Candidate(name="faces, frozen", start="faces", settings=("epochs=0",)),
    Candidate(name="omniglot, frozen", start="omniglot", settings=("epochs=0",)),
    Candidate(name="faces, tuned", start="faces", settings=_TUNED, max_epochs=20),
    Candidate(name="geometry", settings=("network.options.contrast=none",)),
    Candidate(name="local contrast"),
    Candidate(name="local contrast, light", settings=_LIGHT),
    Candidate(name="local contrast, colour and erasing", settings=_COLOUR_AND_ERASING),
    Candidate(name="local contrast, prototypes", settings=_PROTOTYPES),
)
