"""Small encoder of faces and signs under varied light, which `own_folder` starts from.

    python -m training.data.general_start --data ../shared/data --to runs/general_data
    python -m training train general_start --data runs/general_data --out runs/general
    python -m training export runs/general --to training/starts/general --precision fp32

Time: 16 epochs of 14 s of one processor, 4 minutes. Figure: a calibration EER of 4.8 %. It is a
start and no verifier: its use is what `own_folder` makes of it in ten minutes (decision 59).
"""

from model.manifest import Card, Metric
from training.config.schema import TrainingConfig
from training.config.sections import Choice, ChosenBy, Measurement, Optimisation, SplitConfig
from training.configs.own_folder import CONFIG as OWN_FOLDER
from training.registry import Component

CONFIG = TrainingConfig(
    name="general-start",
    version="1.0.0",
    input=OWN_FOLDER.input,
    canvas=1.25,
    metric=Metric.L2,
    split=SplitConfig(calibration=0.05, test=0.02),
    network=Component(
        name="residual",
        options={**OWN_FOLDER.network.options, "contrast": "both", "dim": 128},
    ),
    loss=Component(name="cosface", options={"margin": 0.2, "scale": 24}),
    sampler=Component(name="shuffled", options={"per_identity": 12}),
    augmentation=Component(
        name="relight",
        options={
            "share": 0.5,
            "jitter": {
                "zoom": [0.75, 1.05],
                "rotation": 12,
                "mirror": 0.0,
                "grey": 0.4,
                "erase": 0.25,
            },
        },
    ),
    optimiser=Component(name="adamw"),
    optimisation=Optimisation(
        epochs=16,
        batch_size=128,
        learning_rate=3e-3,
        warmup=0.3,
        bfloat16=True,
        average_decay=0.995,
    ),
    seed=1,
    card=Card(
        summary="A start for trainings on small folders; trained on faces and hand-drawn signs.",
        intended_use="As the initial weights of `own_folder`.",
        not_for="Comparing anything by itself.",
        data_licence=(
            "Labeled Faces in the Wild, deep-funneled (Huang et al. 2007, 2012): published for "
            "research; the photographs come from news sources, so it is not cleared for commercial "
            "use, and neither is this bundle, nor one that starts from it. Omniglot (Lake, "
            "Salakhutdinov, Tenenbaum 2015): MIT."
        ),
    ),
    measurement=Measurement(
        choice=Choice(
            by=ChosenBy.TEST,
            how="Settings set before the training; kept as a start with test figures of lit AT&T "
            "and of reliefs in view.",
        ),
    ),
)
