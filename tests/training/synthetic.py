"""Data sets made by formula, small configs, and runs of them.

Identities are smooth patterns, their images the pattern and noise.
"""

import gzip
import io
import struct
import zipfile

import numpy as np
from PIL import Image
from rich.console import Console

from model.manifest import Aspect, Card, InputSpec, Metric
from training.config.schema import TrainingConfig
from training.config.sections import SplitConfig
from training.data.image_set import ImageSet, LabelledImage, sorted_images
from training.fit import training_run
from training.fit.distributed import ALONE
from training.fit.plan import plan_resumption, plan_training
from training.registry import Component
from training.runs.run_folder import RunFolder

SIDE = 24
QUIET = Console(quiet=True)
CARD = Card(summary="Patterns.", intended_use="Tests.", not_for="Else.", data_licence="Free.")


def pattern(identity, take=0, side=SIDE, noise=12.0):
    """An image of an identity, uint8, (side, side)."""
    own = np.random.default_rng([77, identity])
    y, x = np.mgrid[0:side, 0:side] / side
    waves = own.uniform(1, 7, (4, 2))
    phases = own.uniform(0, 2 * np.pi, 4)
    smooth = sum(np.sin(a * x + b * y + p) for (a, b), p in zip(waves, phases, strict=True))
    rng = np.random.default_rng([78, identity, take])
    pixels = 128 + 30 * np.asarray(smooth) + noise * rng.standard_normal((side, side))
    return np.clip(pixels, 0, 255).astype(np.uint8)


def png(pixels, file_format="PNG"):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, file_format)
    return file.getvalue()


def files_of(identities=20, images=4, **options):
    """Paths and bytes of a data set: `id07/3.png`."""
    return {
        f"id{i:02d}/{k}.png": png(pattern(i, k, **options))
        for i in range(identities)
        for k in range(images)
    }


def write_files(root, files):
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def write_zip(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def idx_bytes(array):
    """An array in the IDX format, by its published description."""
    return (
        bytes([0, 0, 8, array.ndim])
        + struct.pack(f">{array.ndim}I", *array.shape)
        + array.astype(np.uint8).tobytes()
    )


def write_idx(folder, pixels, labels, part="train", *, zipped=False):
    folder.mkdir(parents=True, exist_ok=True)
    ending = ".gz" if zipped else ""
    pack = gzip.compress if zipped else bytes
    for kind, array in (("images-idx3", pixels), ("labels-idx1", labels)):
        (folder / f"{part}-{kind}-ubyte{ending}").write_bytes(pack(idx_bytes(array)))
    return folder


def image_set(counts, **options):
    """An image set with so many images of each identity, drawn only when they are read."""
    images = [
        LabelledImage(f"{name}/{k}.png", name, lambda i=i, k=k: png(pattern(i, k)))
        for i, (name, count) in enumerate(counts.items())
        for k in range(count)
    ]
    return ImageSet("patterns", sorted_images(images), **options)


def config(**changes):
    """A run of seconds: a small residual network with the prototypes' loss."""
    fields = {
        "name": "patterns",
        "version": "0.1.0",
        "input": InputSpec(width=16, height=16, channels=1, aspect=Aspect.STRETCH),
        "metric": Metric.L2,
        "split": SplitConfig(calibration=0.25, test=0.25),
        "network": Component(
            name="residual",
            options={"widths": [8, 16], "depths": [1, 1], "strides": [2, 2], "squeeze": 8}
            | {"dim": 16, "dropout": 0.1, "stem_stride": 1},
        ),
        "loss": Component(name="cosface", options={"margin": 0.1, "scale": 12}),
        "sampler": Component(name="shuffled", options={"images": 96}),
        "augmentation": Component(name="jitter"),
        "optimiser": Component(name="sgd"),
        "epochs": 3,
        "batch_size": 16,
        "learning_rate": 0.05,
        "card": CARD,
    }
    return TrainingConfig(**(fields | changes))


def chopra(**changes):
    """The 2005 network, small, with its own loss and pairs."""
    fields = {
        "input": InputSpec(width=26, height=30, channels=1, aspect=Aspect.STRETCH),
        "metric": Metric.L1,
        "network": Component(name="chopra2005", options={"dim": 8}),
        "loss": Component(name="exponential", options={"q": 16.0}),
        "sampler": Component(name="balanced_pairs", options={"pairs_per_epoch": 64}),
        "augmentation": Component(name="none"),
        "optimiser": Component(name="adamw"),
        "learning_rate": 1e-3,
    }
    return config(**(fields | changes))


def codes(**changes):
    """Codes of 16 bits by a fully connected network, with the loss and the energy of HDML."""
    fields = {
        "metric": Metric.HAMMING,
        "network": Component(name="mlp", options={"hidden": [32], "dim": 16, "spread": 1.0}),
        "loss": Component(name="hdml", options={"impostors": 2}),
        "augmentation": Component(name="none"),
        "optimiser": Component(name="adamw"),
        "learning_rate": 3e-3,
    }
    return config(**(fields | changes))


def pair(network="two_channel", **changes):
    """A small network of pairs, with its own loss."""
    fields = {
        "input": InputSpec(width=32, height=32, channels=1, aspect=Aspect.STRETCH),
        "metric": Metric.NONE,
        "network": Component(name=network, options={"width": 6, "hidden": 8}),
        "loss": Component(name="hinge_pairs"),
        "sampler": Component(name="balanced_pairs", options={"pairs_per_epoch": 64}),
        "augmentation": Component(name="none"),
        "learning_rate": 0.1,
    }
    return config(**(fields | changes))


def train(config, data, out, *, console=QUIET, world=ALONE, **given):
    """Train a config in a new run folder; a split, weights or a teacher may be given."""
    training_run.train(plan_training(config, data, **given), RunFolder(out), console, world)


def resume(out, *, console=QUIET, **given):
    """Resume the run in a folder; the data's path or a teacher may be given."""
    run = RunFolder(out)
    training_run.train(plan_resumption(run, **given), run, console)
