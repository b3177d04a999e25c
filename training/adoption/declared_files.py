"""Readers of the files in which publishers declare an encoder's input.

`preprocessor_config.json` is written by Hugging Face's image processors, `config.json` with a
`pretrained_cfg` by timm, `preprocess_cfg.json` and `open_clip_config.json` by open_clip. What our
preprocessing cannot do is refused by name.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from model.errors import FileError, faults
from model.files import read_file
from model.manifest import Aspect, Resample
from training.adoption.declaration import Declaration
from training.errors import AdoptionError

NAMES = (
    "preprocessor_config.json",
    "preprocess_cfg.json",
    "open_clip_config.json",
    "config.json",
)
"""Names that are looked for beside an encoder, in this order."""
_MAX_BYTES = 1_000_000
_PIXEL_MAX = 255.0
_ASPECTS = {"shortest": Aspect.CROP, "squash": Aspect.STRETCH, "center": Aspect.CROP}
_RESAMPLES: dict[str | int, Resample] = {
    "bilinear": Resample.BILINEAR,
    "bicubic": Resample.BICUBIC,
    2: Resample.BILINEAR,  # Pillow's numbers, which Hugging Face writes.
    3: Resample.BICUBIC,
    "random": Resample.BILINEAR,  # timm: of training; its inference is bilinear.
}

Members = Mapping[str, Any]


def find_declaration(encoder: Path) -> Path | None:
    """Return the first file of `NAMES` that stands beside an encoder and declares its input."""
    for name in NAMES:
        path = encoder.parent / name
        if path.is_file() and _reader(_members(path)) is not None:
            return path
    return None


def read_declaration(path: Path) -> Declaration:
    """Read a declaration.

    Raises:
        AdoptionError: It is of no known form, or asks for what our preprocessing cannot do.
    """
    members = _members(path)
    read = _reader(members)
    if read is None:
        raise AdoptionError(
            f"{path} is no preprocessing of Hugging Face, timm or open_clip; give --mean, --std "
            "and, if the graph leaves it free, --size"
        )
    try:
        return Declaration(source=path.name, **read(members))
    except ValidationError as error:
        raise AdoptionError(f"{path}: {faults(error)}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise AdoptionError(
            f"{path} lacks, or has in another form than expected, {error}; give the declaration "
            "by options"
        ) from error


def _members(path: Path) -> Members:
    try:
        members = json.loads(read_file(path, _MAX_BYTES))
    except FileError as error:
        raise AdoptionError(str(error)) from error
    except (ValueError, RecursionError) as error:
        raise AdoptionError(f"{path} is not JSON: {error}") from error
    if not isinstance(members, dict):
        raise AdoptionError(f"{path} is not a JSON object")
    return members


def _reader(members: Members) -> Callable[[Members], dict[str, Any]] | None:
    """Choose the reader of a form by the members that only it has."""
    if "image_mean" in members or "do_rescale" in members:
        return _of_hugging_face
    if "pretrained_cfg" in members:
        return lambda whole: _of_timm(whole["pretrained_cfg"])
    if "preprocess_cfg" in members:
        return lambda whole: _of_open_clip(whole["preprocess_cfg"])
    if {"mean", "std"} <= members.keys():
        return _of_open_clip if "resize_mode" in members else _of_timm
    return None


def _of_hugging_face(members: Members) -> dict[str, Any]:
    size, crop = members.get("size", {}), members.get("crop_size")
    height, width, aspect = _hugging_face_size(size)
    middle = 1.0
    if members.get("do_center_crop", crop is not None) and crop is not None:
        cropped_height, cropped_width, _ = _hugging_face_size(crop)
        middle, height, width = cropped_height / height, cropped_height, cropped_width
    factor = members.get("rescale_factor", 1 / _PIXEL_MAX)
    factor = factor if members.get("do_rescale", True) else 1.0
    normalised = members.get("do_normalize", True)
    mean = members["image_mean"] if normalised else [0.0]
    std = members["image_std"] if normalised else [1.0]
    return {
        **_scaled(mean, std, factor),
        "height": height,
        "width": width,
        "aspect": aspect,
        "middle": middle,
        "resample": _resample(members.get("resample", "bilinear")),
    }


def _hugging_face_size(size: int | Members) -> tuple[int, int, Aspect]:
    if isinstance(size, int):
        return size, size, Aspect.CROP
    if "shortest_edge" in size:
        return size["shortest_edge"], size["shortest_edge"], Aspect.CROP
    return size["height"], size["width"], Aspect.STRETCH


def _of_timm(members: Members) -> dict[str, Any]:
    mode = members.get("crop_mode", "center")
    if mode not in _ASPECTS:
        raise AdoptionError(f"crop_mode {mode!r} is not one of {', '.join(_ASPECTS)}")
    _, height, width = members.get("input_size", (3, None, None))
    return {
        **_scaled(members["mean"], members["std"], 1 / _PIXEL_MAX),
        "height": height,
        "width": width,
        "aspect": _ASPECTS[mode],
        "middle": members.get("crop_pct", 1.0),
        "resample": _resample(members.get("interpolation", "bilinear")),
    }


def _of_open_clip(members: Members) -> dict[str, Any]:
    mode = members.get("resize_mode", "shortest")
    if mode not in _ASPECTS:
        raise AdoptionError(f"resize_mode {mode!r} is not one of {', '.join(_ASPECTS)}")
    size = members.get("size")
    height, width = size if isinstance(size, list) else (size, size)
    return {
        **_scaled(members["mean"], members["std"], 1 / _PIXEL_MAX),
        "height": height,
        "width": width,
        "aspect": _ASPECTS[mode],
        "resample": _resample(members.get("interpolation", "bicubic")),
    }


def _scaled(mean: list[float], std: list[float], factor: float) -> dict[str, tuple[float, ...]]:
    """Return mean and std in units of a pixel, of numbers for pixels multiplied by a factor."""
    return {"mean": tuple(m / factor for m in mean), "std": tuple(s / factor for s in std)}


def _resample(name: str | int) -> Resample:
    if name not in _RESAMPLES:
        raise AdoptionError(
            f"the resampling {name!r} is not one of bilinear and bicubic; declare one of these by "
            "--resample, and see by the measured rates what it costs"
        )
    return _RESAMPLES[name]
