"""MNIST digits as 64-bit codes, by a small convolutional network and the loss of HDML (2012).

    python -m training train mnist_hdml_conv --data ../shared/data/mnist --out runs/mnist_hdml_conv
    python -m training export runs/mnist_hdml_conv --to runs/bundles/mnist-hdml-conv
    python -m training record runs/mnist_hdml_conv runs/bundles/mnist-hdml-conv

Time: 20 minutes in one thread, on two cores that others shared. Figure: a kNN error of 0.52 % on
the 10,000 images of t10k, 0.50 % by the asymmetric distance, and an equal error rate of 0.79 % over
the pairs of 1,000 of them. A training of 8 epochs in place of 24 had 0.70 % and 0.53 %.

The loss is the paper's bound and, beside it, a ranking loss of smoothed codes that is not in the
paper: see `training/losses/hdml.py`.

Other lengths: `--set network.options.dim=32` or `=128`, whose records are their own: 0.62 and
0.51 %, and by the asymmetric Hamming distance, whose queries are not made bits, 0.54 and 0.43 %.
"""

from model.manifest import Aspect, Card, InputSpec, Metric, SplitBy
from training.config.schema import TrainingConfig
from training.config.sections import Measurement, Optimisation, SplitConfig
from training.config.target import Target
from training.configs.mnist_hdml_net import PUBLISHED
from training.registry import Component

_BITS = 64
_KNN = "kNN error, k = 5"

CONFIG = TrainingConfig(
    name="mnist-hdml-conv",
    version="1.0.0",
    input=InputSpec(width=28, height=28, channels=1, aspect=Aspect.STRETCH),
    metric=Metric.HAMMING,
    # The papers' protocol: all ten digits are trained on, t10k's images are tested on.
    split=SplitConfig(by=SplitBy.IMAGE, calibration=0.05),
    network=Component(
        name="convnet",
        options={
            "widths": [16, 32, 64],
            "depths": [1, 1, 1],
            "dim": _BITS,
            "dropout": 0.1,
            "spread": 2.0,
        },
    ),
    # The paper's loss alone let classes share a code: see the file of the loss.
    loss=Component(name="hdml", options={"balance": 1.0, "smooth": 1.0, "smooth_margin": 0.375}),
    sampler=Component(name="shuffled"),
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
    optimisation=Optimisation(epochs=24, batch_size=128, learning_rate=2e-3),
    seed=2012,
    card=Card(
        summary="Handwritten digits as binary codes: HDML's loss on a small convolutional network.",
        intended_use=(
            "A reference for codes and Hamming energies: teaching, tests, and comparison with the "
            "papers. Single digits as MNIST has them, white on black."
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
                at_most=0.006 if (figure, bits) == (_KNN, _BITS) else None,
                published=f"{published} % at {bits} bits, fully connected: Norouzi et al. 2012",
                given=() if bits == _BITS else (f"network.options.dim={bits}",),
            )
            for figure, by_bits in PUBLISHED.items()
            for bits, published in by_bits.items()
        ),
    ),
)
