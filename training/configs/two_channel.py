"""2ch on Omniglot: same or different character, of unseen alphabets.

    python -m training train two_channel --data ../shared/data/omniglot --out runs/two_channel
    python -m training export runs/two_channel --to bundles/two-channel
    python -m training record runs/two_channel bundles/two-channel

`siam`, `pseudo_siam` and `two_channel_two_stream` differ from it in the network alone: same data,
pairs, seed, epochs and budget of parameters (`training.networks._pair`).

Time: 1 minute in one thread, 12 of a busy machine (load 12 to 15 on two cores). Figures on the
570 test characters, at seed 2015: EER 9.62 %, FPR at 95 % recall 16.43 %, FNMR at FMR 1 % 31.67 %.
docs/experiments.md compares the four.
"""

from model.manifest import Aspect, Card, InputSpec, Metric
from training.config.schema import TrainingConfig
from training.config.sections import (
    Choice,
    ChosenBy,
    Measurement,
    Optimisation,
    SplitConfig,
    Target,
)
from training.registry import Component

CONFIG = TrainingConfig(
    name="two-channel",
    version="1.0.0",
    input=InputSpec(width=32, height=32, channels=1, aspect=Aspect.STRETCH),
    canvas=1.25,
    metric=Metric.NONE,
    split=SplitConfig(calibration=0.2),
    network=Component(name="two_channel"),
    loss=Component(name="hinge_pairs"),
    sampler=Component(name="balanced_pairs", options={"pairs_per_epoch": 16000}),
    augmentation=Component(
        name="jitter",
        options={
            "zoom": [0.9, 1.15],
            "shift": 0.05,
            "rotation": 10,
            "stretch": 0.1,
            "mirror": 0.0,
            "grey": 0.0,
            "saturation": [1.0, 1.0],
            "contrast": [1.0, 1.0],
            "brightness": 0,
        },
    ),
    optimiser=Component(name="sgd", options={"weight_decay": 5e-4}),
    optimisation=Optimisation(epochs=12, batch_size=256, learning_rate=0.05),
    seed=2015,
    card=Card(
        summary="Same or different handwritten character: 2ch of Zagoruyko and Komodakis (2015).",
        intended_use="Comparing network designs; an example of a pair model.",
        not_for=(
            "Anything but single handwritten characters, dark on white, drawn with one pen; and "
            "search: it has no embeddings, so each pair costs a run of the network."
        ),
        data_licence="Omniglot, MIT licence (Lake, Salakhutdinov, Tenenbaum 2015).",
    ),
    measurement=Measurement(
        protocols=(Component(name="fpr95"),),
        targets=(
            Target(
                figure="FPR at 95 % recall",
                published="5.53 % on photo-tour patches (Zagoruyko, Komodakis 2015, mean)",
            ),
        ),
        choice=Choice(
            by=ChosenBy.PRESET,
            how=(
                "Set before the first measurement, and not changed since; siam, pseudo-siam and "
                "the two of two channels differ in the network alone."
            ),
        ),
    ),
)


def with_network(name: str, paper_name: str, published: str) -> TrainingConfig:
    """Replace the network, and with it the card's summary and the published value."""
    return CONFIG.derive(
        name=name,
        network=Component(name=name.replace("-", "_")),
        card={"summary": CONFIG.card.summary.replace("2ch", paper_name)},
        targets=(Target(figure="FPR at 95 % recall", published=published),),
    )
