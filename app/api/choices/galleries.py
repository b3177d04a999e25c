"""Parameters of the calls of a gallery."""

from pydantic import BaseModel, ConfigDict, Field

from app.api.choices.location import FACE, Face, Landmarked, aims_of
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

    def aims(self, manifest: Manifest, images: int) -> tuple[Aim, ...] | None:
        """Return how the thing in each image is chosen; None for a model without a locator.

        Raises:
            ParameterError: `face` does not go with the model.
        """
        return aims_of(manifest, self.face, [Landmarked("landmarks", images, None)])


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


class ClaimChoices(LocatedChoices):
    """The choices of a comparison with one identity."""

    threshold: float | None = Field(
        None,
        ge=0,
        description="Your own threshold on the energy. It goes before `fmr`.",
        examples=[1.03],
    )
    fmr: float | None = Field(
        None,
        ge=0,
        le=1,
        description="A supported target false match rate, as in GET /models.",
        examples=[0.01],
    )
