"""2ch on Omniglot: same or different character, of alphabets never seen; one of four alike.

    python -m training train two_channel --data ../shared/data/omniglot --out runs/two_channel
    python -m training export runs/two_channel --to bundles/two-channel
    python -m training record runs/two_channel bundles/two-channel

Time: 1 minute in one thread, 12 of a busy machine (load 12 to 15 on two cores). Figures on the
570 test characters, at seed 2015: EER 9.62 %, FPR at 95 % recall 16.43 %, FNMR at FMR 1 % 31.67 %.

`siam`, `pseudo_siam` and `two_channel_two_stream` differ from it in nothing but the network: the
same data, pairs, seed and epochs, and the same budget of parameters (`training.networks._pair`). So
the claim of Zagoruyko and Komodakis 2015 is tested, that two channels beat a siamese network. It
holds here, over the seeds 2015 to 2017: FPR at 95 % recall is 16.7 % ± 0.2 % for `two_channel`,
43.1 % ± 3.5 % for `siam` and 41.6 % ± 4.9 % for `pseudo_siam`. That two streams beat one does not:
18.1 % ± 1.1 %. At the end of this budget the training loss of both siamese networks was far above
that of the others (0.43 against 0.25 and 0.27), so that the figures say how fast each learns as
much as how good it can become.
"""

from model.manifest import Aspect, Card, InputSpec, Metric
from training.config.schema import TrainingConfig
from training.config.sections import Measurement, Optimisation, SplitConfig
from training.config.target import Target
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
    ),
)
