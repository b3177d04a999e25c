import json

import numpy as np
import pytest

from training.adoption.declared_files import find_declaration, read_declaration
from training.errors import AdoptionError

IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
HUGGING_FACE = {
    "do_center_crop": True,
    "crop_size": {"height": 224, "width": 224},
    "do_resize": True,
    "size": {"shortest_edge": 256},
    "resample": 3,
    "do_rescale": True,
    "rescale_factor": 1 / 255,
    "do_normalize": True,
    "image_mean": IMAGENET["mean"],
    "image_std": IMAGENET["std"],
}
TIMM = {
    "architecture": "resnet18",
    "pretrained_cfg": {
        **IMAGENET,
        "input_size": [3, 224, 224],
        "crop_pct": 0.875,
        "crop_mode": "center",
        "interpolation": "bicubic",
    },
}
OPEN_CLIP = {
    "preprocess_cfg": {
        **IMAGENET,
        "size": 224,
        "interpolation": "bicubic",
        "resize_mode": "shortest",
    }
}


def written(folder, name, members):
    path = folder / name
    path.write_text(json.dumps(members) if isinstance(members, dict) else members)
    return path


@pytest.mark.parametrize(
    ("name", "members", "middle"),
    [
        ("preprocessor_config.json", HUGGING_FACE, 0.875),
        ("config.json", TIMM, 0.875),
        ("open_clip_config.json", OPEN_CLIP, 1.0),
    ],
)
def test_three_forms_say_the_same(tmp_path, name, members, middle):
    path = written(tmp_path, name, members)
    assert find_declaration(tmp_path / "model.onnx") == path
    declared = read_declaration(path)
    assert np.allclose(declared.mean, np.array(IMAGENET["mean"]) * 255)
    assert np.allclose(declared.std, np.array(IMAGENET["std"]) * 255)
    assert (declared.height, declared.width, declared.middle) == (224, 224, middle)
    assert (declared.aspect, declared.resample, declared.source) == ("crop", "bicubic", name)


def test_what_is_switched_off_counts_for_nothing(tmp_path):
    size = {"height": 96, "width": 80}
    members = HUGGING_FACE | {
        "do_center_crop": False,
        "do_normalize": False,
        "do_rescale": False,
        "size": size,
    }
    declared = read_declaration(written(tmp_path, "preprocessor_config.json", members))
    assert (declared.mean, declared.std) == ((0,), (1,))
    assert (declared.height, declared.width, declared.aspect) == (96, 80, "stretch")
    assert declared.middle == 1


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ({"architectures": ["X"]}, "no preprocessing"),
        (HUGGING_FACE | {"resample": 1}, "resampling 1"),
        ({"pretrained_cfg": TIMM["pretrained_cfg"] | {"crop_mode": "border"}}, "border"),
        (HUGGING_FACE | {"image_std": [0.2, 0.2]}, "3 means and 2 standard deviations"),
        (HUGGING_FACE | {"image_std": [0.2, 0, 0.2]}, "above 0"),
        (HUGGING_FACE | {"size": {"longest_edge": 9}, "do_center_crop": False}, "height"),
    ],
    ids=["cut", "list", "no form", "nearest", "border", "number", "zero", "size"],
)
def test_what_is_not_a_declaration_is_refused(tmp_path, members, message):
    path = written(tmp_path, "preprocessor_config.json", members)
    with pytest.raises(AdoptionError, match=message):
        read_declaration(path)


def test_a_config_without_preprocessing_is_not_taken_for_one(tmp_path):
    written(tmp_path, "config.json", {"architectures": ["X"]})
    assert find_declaration(tmp_path / "model.onnx") is None
