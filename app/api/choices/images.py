"""Parameters of the calls that take images and decide nothing."""

from pydantic import BaseModel, ConfigDict, Field

from app.api.choices.location import EXAMPLE, FACE, LANDMARKS, Face, Points


class ImageChoices(BaseModel):
    """The model that answers, and how it locates. An unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    model: str | None = Field(
        None,
        max_length=64,
        description="A model of GET /models; else the default one.",
        examples=["faces"],
    )
    face: Face | None = Field(None, description=FACE, examples=["largest"])
    landmarks: Points | None = Field(None, description=LANDMARKS, examples=[EXAMPLE])
