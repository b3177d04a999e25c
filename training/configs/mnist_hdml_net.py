"""MNIST digits as 64-bit codes, by the fully connected network [512, 64] of Norouzi et al. 2012.

    python -m training train mnist_hdml_net --data ../shared/data/mnist --out runs/mnist_hdml_net
    python -m training export runs/mnist_hdml_net --to runs/bundles/mnist-hdml-net
    python -m training record runs/mnist_hdml_net runs/bundles/mnist-hdml-net

Time: 51 minutes in one thread of a busy machine. Figure: a kNN error of 1.32 % on the 10,000 images
of t10k (1.24 % by the asymmetric distance); the paper has 1.38 %. Before it: over 150 epochs 1.19 %
(1.22 %), by chance as far as a standard error of 0.11 % can tell, for the other lengths gained by
the longer training; over 40 epochs 1.78 %, over 12 2.74 %; with the nearest impostor of a batch in
place of a drawn one, and a smoothed margin of 16 bits, 3.11 % with milder variations and 3.59 %
with the images as they are (9 epochs).

The loss is the paper's bound and, beside it, a ranking loss of smoothed codes that is not in the
paper: see `training/losses/hdml.py`.

Other lengths: `--set network.options.dim=32` or `=128`, whose records and bars are their own: 47
and 66 minutes, side by side on two cores. 32 bits: 1.42 % (1.27 % by the asymmetric distance), the
paper has 1.45 % (1.45 %); 128 bits: 1.26 % (1.18 %), the paper 1.27 % (1.20 %): but for the
asymmetric one of 32 bits, within a standard error, 0.11 to 0.12 %, of the paper's. Over 150 epochs
they were 1.50 % (1.38 %) and 1.31 % (1.24 %). The last figure of each record is the error by the
asymmetric Hamming distance, whose queries are not made bits.
"""

from model.manifest import Aspect, Card, InputSpec, Metric, SplitBy
from training.config.schema import TrainingConfig
from training.config.sections import Measurement, Optimisation, SplitConfig
from training.config.target import Target
from training.registry import Component

_BITS = 64

PUBLISHED = {
    "kNN error, k = 5": {32: 1.45, 64: 1.38, 128: 1.27},
    "kNN error by asymmetric Hamming distance, k = 5": {32: 1.45, 64: 1.29, 128: 1.20},
}
"""The paper's errors by code length, in percent: the bars, since ours should be no worse."""

CONFIG = TrainingConfig(
    name="mnist-hdml-net",
    version="1.0.0",
    input=InputSpec(width=28, height=28, channels=1, aspect=Aspect.STRETCH),
    metric=Metric.HAMMING,
    # The paper's protocol: all ten digits are trained on, t10k's images are tested on.
    split=SplitConfig(by=SplitBy.IMAGE, calibration=0.05),
    network=Component(name="mlp", options={"hidden": [512], "dim": _BITS, "spread": 2.0}),
    # The paper's loss alone let classes share a code: see the file of the loss.
    loss=Component(name="hdml", options={"balance": 1.0, "smooth": 1.0, "smooth_margin": 0.375}),
    sampler=Component(name="shuffled"),
    # The paper trained on the images as they are.
    augmentation=Component(
        name="jitter",
        options={
            "zoom": [0.88, 1.12],
            "shift": 0.06,
            "rotation": 12,
            "stretch": 0.08,
            "mirror": 0.0,
            "grey": 0.0,
            "saturation": [1.0, 1.0],
            "contrast": [1.0, 1.0],
            "brightness": 0,
        },
    ),
    optimiser=Component(name="adamw", options={"weight_decay": 0.01}),
    optimisation=Optimisation(epochs=300, batch_size=128, learning_rate=2e-3),
    seed=2012,
    card=Card(
        summary="Handwritten digits as binary codes: HDML (Norouzi et al. 2012), its own network.",
        intended_use=(
            "A reference for codes and Hamming energies: teaching, tests, and comparison with the "
            "paper. Single digits as MNIST has them, white on black."
        ),
        not_for=(
            "Any mark that is not one of the ten digits: it was trained on all ten, so its error "
            "rates are those of new images of known classes and say nothing of new classes."
        ),
        data_licence="MNIST (LeCun, Cortes, Burges; from NIST SD-1 and SD-3): CC BY-SA 3.0.",
    ),
    measurement=Measurement(
        images_per_identity=100,
        protocols=(
            Component(name="knn", options={"k": 5}),
            Component(name="asymmetric_knn", options={"k": 5}),
        ),
        targets=tuple(
            Target(
                figure=figure,
                at_most=published / 100,
                published=f"{published} % at {bits} bits: Norouzi et al. 2012",
                given=() if bits == _BITS else (f"network.options.dim={bits}",),
            )
            for figure, by_bits in PUBLISHED.items()
            for bits, published in by_bits.items()
        ),
    ),
)
