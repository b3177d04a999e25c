"""Parameters of the calls of a gallery."""

from pydantic import BaseModel, ConfigDict, Field

from app.api.choices.decisions import ThresholdChoices
from app.api.choices.location import (
    EXAMPLE,
    FACE,
    LANDMARKS,
    Face,
    Landmarked,
    Points,
    aims_of,
)
from app.errors import ParameterError
from model.locating.locator import Aim
from model.manifest import Manifest


class ModelChoice(BaseModel):
    """The model of a gallery. An unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    model: str | None = Field(
        None,
        max_length=64,
        description="A model of GET /models; else the default one.",
        examples=["faces"],
    )


class LocatedChoices(BaseModel):
    """The choice of a thing in a picture. An unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    face: Face | None = Field(None, description=FACE, examples=["largest"])
    landmarks: Points | None = Field(None, description=LANDMARKS, examples=[EXAMPLE])

    def aims(self, manifest: Manifest, images: int) -> tuple[Aim, ...] | None:
        """Return how the thing in each image is chosen; None for a model without a locator.

        Raises:
            ParameterError: They do not go with the model, or with so many images.
        """
        return aims_of(manifest, self.face, [Landmarked("landmarks", images, self.landmarks)])

    def check_for_embeddings(self) -> None:
        """Check that nothing is to be located, where embeddings were sent and no image.

        Raises:
            ParameterError: Something is.
        """
        for name in ("face", "landmarks"):
            if getattr(self, name) is not None:
                raise ParameterError.of(name, "goes with an image, and embeddings were sent")


class IdentifyChoices(LocatedChoices):
    """The choices of a search in a gallery."""

    top: int = Field(10, ge=1, le=100, description="Largest number of candidates.", examples=[10])
    target_fpir: float | None = Field(
        None,
        ge=0,
        le=1,
        description=(
            "A supported target false positive identification rate: the share of probes of nobody "
            "in the gallery that get a candidate. Default: the largest supported one."
        ),
        examples=[0.1],
    )
    threshold: float | None = Field(
        None,
        ge=0,
        description="Your own threshold on the energy. It goes before `target_fpir`.",
        examples=[0.8],
    )


class ClaimChoices(ThresholdChoices, LocatedChoices):
    """The choices of a comparison with one identity."""


class NeighbourChoices(BaseModel):
    """The choices of a search for the neighbours of an identity. An unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    top: int = Field(10, ge=1, le=100, description="Largest number of neighbours.", examples=[10])
