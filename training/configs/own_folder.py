"""Your own folder of identities, 20 or more with 4 or more images each; ten minutes.

    python -m training train own_folder --data PATH --out runs/mine
    python -m training export runs/mine --to model/bundles/mine

It trains networks by the candidates below for `--minutes` (10), and joins those that err least on
the calibration part. Figures: they depend on the folder; docs/train.md has some.
"""

from model.manifest import Aspect, Card, InputSpec, Metric
from training.config.candidates import Candidate
from training.config.schema import TrainingConfig
from training.config.sections import Optimisation, SplitConfig
from training.registry import Component

CONFIG = TrainingConfig(
    name="own-folder",
    version="3.4.0",
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
        data_licence=(
            "Yours to state: edit `card` in the config before you pass the bundle on. A network "
            "that starts from `general` or another bundle, as `choice` names it, inherits that "
            "one's terms: those of `general` come from LFW's photographs, for research only."
        ),
    ),
)

_PROTOTYPES = (
    'loss={"name":"cosface","options":{"margin":0.1,"scale":16}}',
    'sampler={"name":"shuffled","options":{"per_identity":50,"images":2048}}',
)
_COLOUR_AND_ERASING = (
    "augmentation.options.zoom=[0.75,1.05]",
    "augmentation.options.rotation=10",
    "augmentation.options.grey=0.2",
    "augmentation.options.erase=0.4",
)
_TUNED = ("learning_rate=0.001",)
_FULL_RESOLUTION = (
    'network={"name":"convnet","options":{"widths":[32,64,128,192],"depths":[1,1,1,1],"dim":128,'
    '"dropout":0.1,"pool":2,"unit":true}}'
)

CANDIDATES = (
    Candidate(
        name="faces, frozen",
        start="faces",
        settings=("epochs=0", "locator=faces"),
        preferred=True,
    ),
    Candidate(
        name="faces-crops, frozen", start="faces-crops", settings=("epochs=0",), preferred=True
    ),
    Candidate(name="omniglot, frozen", start="omniglot", settings=("epochs=0",), preferred=True),
    Candidate(name="general, frozen", start="general", settings=("epochs=0",)),
    Candidate(name="general, tuned", start="general", settings=_TUNED),
    Candidate(name="image at full resolution", settings=(_FULL_RESOLUTION,)),
    Candidate(
        name="general, prototypes",
        start="general",
        settings=(*_TUNED, *_PROTOTYPES),
        for_few=True,
    ),
    Candidate(name="image and contrast", settings=("network.options.contrast=both",)),
    Candidate(
        name="general, colour and erasing",
        start="general",
        settings=(*_TUNED, *_COLOUR_AND_ERASING),
    ),
    Candidate(name="contrast"),
    Candidate(name="image", settings=("network.options.contrast=none",)),
)
"""Where time is short the first ones are tried."""
