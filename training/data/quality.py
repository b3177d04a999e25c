"""Quality report of a data set: contents, faults, and whether training would accept it."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

import numpy as np
from numpy.typing import NDArray

from model.manifest import Aspect, InputSpec
from model.preprocessing import open_image, preprocess
from model.schema.fields import Frozen
from training.config.sections import SplitConfig
from training.data.decoding import LIMITS, map_readable
from training.data.duplicates import MAX_COMPARED, near_groups, same_values
from training.data.image_set import ImageSet, LabelledImage
from training.data.split import MIN_GENUINE, PARTS, split_data
from training.data.support import DataSupport, support_of
from training.errors import DataError

THUMBNAIL = InputSpec(width=18, height=16, channels=1, aspect=Aspect.STRETCH)
"""Thumbnail that images are compared by; its sides are even, as the difference hash halves them."""
LISTED = 10
"""Maximum faults of a kind that are listed."""
_NAMED = 5
"""Maximum images of one group that are listed."""


@dataclass(frozen=True)
class InspectedImage:
    """A readable image; width and height are as stored: before an EXIF orientation is applied."""

    name: str
    identity: str
    sha256: str
    """Digest of the file's bytes."""
    width: int
    height: int
    mode: str
    """Pillow's name of the colour mode, such as `RGB` or `L`."""
    thumbnail: NDArray[np.uint8] = field(repr=False, compare=False)
    """Grey, uint8, (16, 18)."""


class Spread(Frozen):
    """Minimum, median and maximum of some counts."""

    least: int
    median: float
    most: int


class DuplicateGroup(Frozen):
    """Images that show the same: some of their names and identities, and their parts."""

    images: tuple[str, ...]
    size: int
    identities: tuple[str, ...]
    parts: tuple[str, ...]


class Duplicates(Frozen):
    """Counts of groups of images that show the same, and some of the groups, worst first."""

    groups: int
    across_identities: int
    """Groups with several identities: a labelling fault."""
    across_parts: int
    """Groups in several parts of the split: test images that were trained on."""
    listed: tuple[DuplicateGroup, ...]


class PartSize(Frozen):
    """One part of the split."""

    identities: int
    with_several_images: int
    images: int


class DataQuality(Frozen):
    """The report of `check-data`; counts are of readable images."""

    data: str
    usable: bool
    reason: str | None
    """Reason why training would refuse the data, and what to do; None if it would not."""
    identities: int
    images: int
    images_per_identity: Spread
    identities_with_one_image: int
    broken: int
    broken_listed: tuple[str, ...]
    widths: Spread | None
    heights: Spread | None
    colour_modes: dict[str, int]
    config: str
    seed: int
    parts: dict[str, PartSize]
    """The config's split with this seed; empty if it fails."""
    exact_duplicates: Duplicates
    near_duplicates: Duplicates
    compared: int
    """Number of images that were searched for near duplicates."""
    remarks: tuple[str, ...]
    """Remarks on files that were left out and names that were merged."""
    left_out: dict[str, int]
    """Files that are no images, by their ending; "" for those without."""
    without_image: tuple[str, ...]
    """Folders without an image, and identities without a readable one; some of them."""
    support: DataSupport | None
    """Targets and intervals that the data supports; None if training would refuse it."""
    warnings: tuple[str, ...]
    """Faults that training accepts, but that spoil its result or its figures."""


def check_quality(images: ImageSet, config: str, split: SplitConfig, seed: int) -> DataQuality:
    """Check every image of a data set, and how the split of a config divides it."""
    readable, broken = inspect(images)
    part_of, refusal = _parts(images, split, seed)
    sizes = _part_sizes(readable, part_of)
    unreadable = None if readable else f"no image can be read: {broken[0]}"
    lacking = _too_few_readable(sizes) or _one_kind_of_pair(images, readable, part_of)
    reason = unreadable or refusal or lacking
    counts = Counter(image.identity for image in readable)
    per_identity = [counts[identity] for identity in images.identities]
    exact = same_values([image.sha256 for image in readable])
    duplicates = {
        "exact_duplicates": _duplicates(readable, exact, part_of),
        "near_duplicates": _duplicates(readable, _near(readable, exact), part_of),
    }
    empty = [*images.remarks.vanished, *(name for name in images.identities if not counts[name])]
    support = _support(images, readable, part_of) if reason is None else None
    warnings = _warnings(len(empty), duplicates.values(), support)
    return DataQuality(
        data=images.name,
        usable=reason is None,
        reason=reason,
        identities=len(images.identities),
        images=len(readable),
        images_per_identity=_spread(per_identity),
        identities_with_one_image=per_identity.count(1),
        broken=len(broken),
        broken_listed=tuple(broken[:LISTED]),
        widths=_spread([image.width for image in readable]) if readable else None,
        heights=_spread([image.height for image in readable]) if readable else None,
        colour_modes=dict(Counter(image.mode for image in readable).most_common()),
        config=config,
        seed=seed,
        parts=sizes,
        compared=min(len(readable), MAX_COMPARED),
        remarks=images.remarks.sentences(),
        left_out=dict(images.remarks.left_out),
        without_image=tuple(empty[:LISTED]),
        support=support,
        warnings=tuple(warnings),
        **duplicates,
    )


def _warnings(
    empty: int, duplicates: Iterable[Duplicates], support: DataSupport | None
) -> Iterator[str]:
    kinds = list(duplicates)
    if empty:
        yield f"{empty:,} identities have no image that can be read, and are left out"
    if groups := sum(kind.across_identities for kind in kinds):
        yield f"{groups:,} pictures are under several identities: a fault of labelling"
    if groups := sum(kind.across_parts for kind in kinds):
        yield f"{groups:,} pictures are in several parts: measured error rates are too low"
    yield from () if support is None else support.warnings


def _support(
    images: ImageSet, readable: Sequence[InspectedImage], part_of: Mapping[str, str]
) -> DataSupport:
    owners: dict[str, dict[str, str]] = {part: {} for part in PARTS}
    for image in readable:
        owners[part_of[image.name]][image.name] = image.identity
    return support_of(owners, images.listed)


def inspect(images: ImageSet) -> tuple[list[InspectedImage], list[str]]:
    """Inspect every image as training reads it: the readable ones, and the error of each other."""
    return map_readable(images, _inspect_one)


def _inspect_one(image: LabelledImage) -> InspectedImage:
    data = image.read()
    header = open_image(data, LIMITS)
    return InspectedImage(
        name=image.name,
        identity=image.identity,
        sha256=hashlib.sha256(data).hexdigest(),
        width=header.width,
        height=header.height,
        mode=header.mode,
        thumbnail=preprocess(data, THUMBNAIL, LIMITS)[:, :, 0],
    )


def _parts(images: ImageSet, config: SplitConfig, seed: int) -> tuple[dict[str, str], str | None]:
    """Map the names of images to their parts; with the reason where there is no split."""
    try:
        split = split_data(images, config, seed)
    except DataError as error:
        return {}, str(error)
    return {image.name: part for part in PARTS for image in split.take(images, part)}, None


def _part_sizes(
    readable: Sequence[InspectedImage], part_of: Mapping[str, str]
) -> dict[str, PartSize]:
    sizes = {}
    for part in dict.fromkeys(part_of.values()):
        counts = Counter(image.identity for image in readable if part_of[image.name] == part)
        sizes[part] = PartSize(
            identities=len(counts),
            with_several_images=sum(count > 1 for count in counts.values()),
            images=counts.total(),
        )
    return sizes


def _too_few_readable(parts: Mapping[str, PartSize]) -> str | None:
    """Check the readable images of each part: the split counted files."""
    for part, size in parts.items():
        if size.with_several_images < MIN_GENUINE:
            return (
                f"the {part} part has {size.with_several_images} identities with two or more "
                f"readable images, and needs {MIN_GENUINE}; mend the broken files, or bring more "
                "identities"
            )
    return None


def _one_kind_of_pair(
    images: ImageSet, readable: Sequence[InspectedImage], part_of: Mapping[str, str]
) -> str | None:
    """Check that the listed pairs within each part are of both kinds."""
    if images.listed is None:
        return None
    for part in dict.fromkeys(part_of.values()):
        names = {image.name for image in readable if part_of[image.name] == part}
        kinds = {same for left, right, same in images.listed if left in names and right in names}
        if kinds != {True, False}:
            missing = "impostor" if True in kinds else "genuine"
            return f"the {part} part has no {missing} pair with both images in it; list more pairs"
    return None


def _near(readable: Sequence[InspectedImage], exact: Sequence[Sequence[int]]) -> list[list[int]]:
    """Group near duplicates among the first images of each content."""
    repeated = {index for group in exact for index in group[1:]}
    first = [index for index in range(len(readable)) if index not in repeated]
    if not first:
        return []
    groups = near_groups(np.stack([readable[index].thumbnail for index in first]))
    return [[first[index] for index in group] for group in groups]


def _duplicates(
    readable: Sequence[InspectedImage], groups: Sequence[Sequence[int]], part_of: Mapping[str, str]
) -> Duplicates:
    found = [_group([readable[index] for index in group], part_of) for group in groups]
    # Stable: equally bad ones stay in the order of their names.
    worst_first = sorted(found, key=lambda g: (-len(g.parts), -len(g.identities)))
    return Duplicates(
        groups=len(found),
        across_identities=sum(len(group.identities) > 1 for group in found),
        across_parts=sum(len(group.parts) > 1 for group in found),
        listed=tuple(worst_first[:LISTED]),
    )


def _group(images: Sequence[InspectedImage], part_of: Mapping[str, str]) -> DuplicateGroup:
    identities = sorted({image.identity for image in images})
    parts = {part_of[image.name] for image in images if image.name in part_of}
    return DuplicateGroup(
        images=tuple(image.name for image in images[:_NAMED]),
        size=len(images),
        identities=tuple(identities[:_NAMED]),
        parts=tuple(sorted(parts)),
    )


def _spread(counts: Sequence[int]) -> Spread:
    return Spread(least=min(counts), median=median(counts), most=max(counts))
