"""Graph of a bundle, and its self-check."""

from typing import Literal

from pydantic import Field, FiniteFloat

from model.schema.fields import Count, FileName, Frozen, Sha256


class OnnxFile(Frozen):
    """The graph beside the manifest."""

    file: FileName
    sha256: Sha256
    bytes: int = Field(gt=0)
    opset: int = Field(ge=13)


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
