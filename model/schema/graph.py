"""Graphs of a bundle, and the self-check of one."""

from enum import StrEnum
from typing import Final, Literal

from pydantic import Field, FiniteFloat

from model.schema.fields import Count, FileName, Frozen, Sha256

INT8_MANIFEST_FILE: Final = "manifest.int8.json.gz"


class Precision(StrEnum):
    """Number format inside a graph."""

    FP32 = "fp32"
    FP16 = "fp16"
    INT8 = "int8"


class OnnxFile(Frozen):
    """The graph beside the manifest.

    `precision` is None where it is not stated, as in bundles of schema version 1.
    """

    file: FileName
    sha256: Sha256
    bytes: int = Field(gt=0)
    opset: int = Field(ge=13)
    precision: Precision | None = None


class OtherGraph(Frozen):
    """A further graph of the same encoder, by its own manifest (decision 53).

    That manifest is a gzip file beside the bundle's. Its self-check, operating points, error rates
    and domain check are those of its graph; the rest is as in the bundle's manifest.
    """

    precision: Literal[Precision.INT8]
    manifest: Literal["manifest.int8.json.gz"] = INT8_MANIFEST_FILE
    sha256: Sha256


class Golden(Frozen):
    """The self-check: what the graph answers for the golden image (see `model.golden`).

    For a pair model (formula `ramp-1-pairs`) `embedding` holds the energies of the golden pairs.
    """

    formula: Literal["ramp-1", "ramp-1-pairs"] = "ramp-1"
    embedding: tuple[FiniteFloat, ...] = Field(min_length=1, max_length=65536)
    tolerance: float = Field(gt=0, le=0.1)
    """Largest allowed difference, relative to the largest magnitude in `embedding`.

    For codes it was applied at export, to the activations: see `undecided`.
    """
    undecided: tuple[Count, ...] = ()
    """Bits of a code that are not checked, counted from the first bit of the first byte.

    Their activations lie within the tolerance of 0, where another machine's rounding may flip them.
    """
