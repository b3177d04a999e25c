"""Parameters of a decision: model, threshold or target rates, costs, numbers of images."""

from pydantic import BaseModel, ConfigDict, Field

from app.api.choices.location import EXAMPLE, FACE, LANDMARKS, Face, Points
from app.errors import ParameterError
from app.zone import Costs


class ThresholdChoices(BaseModel):
    """The threshold of a decision. An unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    threshold: float | None = Field(
        None,
        description=(
            "Your own threshold on the energy. It goes before `fmr`. No energy of two embeddings "
            "is negative; a pair model's may be."
        ),
        examples=[1.03],
    )
    fmr: float | None = Field(
        None,
        ge=0,
        le=1,
        description="A supported target false match rate, as in GET /models.",
        examples=[0.01],
    )


class Choices(ThresholdChoices):
    """The model and the threshold of a decision."""

    model: str | None = Field(
        None,
        max_length=64,
        description="A model of GET /models; else the default one.",
        examples=["faces"],
    )


class VerifyChoices(Choices):
    """The choices of /verify, which may ask for a zone of energies that are neither."""

    cost_false_match: float | None = Field(
        None,
        gt=0,
        description=(
            "Cost of calling different things the same; a decision of `unsure`, such as a look by "
            "a person, costs 1. `decision` is then the outcome of the least expected cost. Goes "
            "with `cost_false_non_match`, and without `threshold`, `fmr` and `fnmr`."
        ),
        examples=[100],
    )
    cost_false_non_match: float | None = Field(
        None,
        gt=0,
        description="Cost of calling the same thing different, in the same unit.",
        examples=[10],
    )
    prior: float | None = Field(
        None,
        gt=0,
        lt=1,
        description=(
            "Share of genuine pairs (same) among the pairs that you ask about; goes with the "
            "costs. Default 0.5."
        ),
        examples=[0.5],
    )
    fnmr: float | None = Field(
        None,
        gt=0,
        lt=1,
        description=(
            "A target false non-match rate; goes with `fmr`. `decision` is then `same` up to the "
            "threshold of `fmr`, `different` above that of `fnmr`, and else `unsure`."
        ),
        examples=[0.05],
    )

    face: Face | None = Field(None, description=FACE, examples=["largest"])
    landmarks1: Points | None = Field(None, description=LANDMARKS, examples=[EXAMPLE])
    landmarks2: Points | None = Field(None, description="As `landmarks1`, of the other image.")

    def costs(self) -> Costs | None:
        """Return the costs that were sent; None where none were.

        Raises:
            ParameterError: A parameter stands without those that it needs, or beside one that it
                excludes.
        """
        self._check_targets()
        false_match, false_non_match = self.cost_false_match, self.cost_false_non_match
        if false_match is None and false_non_match is None:
            if self.prior is not None:
                raise ParameterError.of("prior", "send it with both costs")
            return None
        if false_match is None:
            raise ParameterError.of("cost_false_match", "is missing; send both costs or none")
        if false_non_match is None:
            raise ParameterError.of("cost_false_non_match", "is missing; send both costs or none")
        for name in ("threshold", "fmr"):
            if getattr(self, name) is not None:
                raise ParameterError.of(name, "send either this or costs")
        return Costs(false_match, false_non_match, 0.5 if self.prior is None else self.prior)

    def _check_targets(self) -> None:
        if self.fnmr is None:
            return
        if self.fmr is None:
            raise ParameterError.of("fnmr", "send it with `fmr`, the other target rate")
        if self.threshold is not None:
            raise ParameterError.of("threshold", "send either this or `fmr` with `fnmr`")


class CompareChoices(Choices):
    """The choices of /compare: numbers of images, and a false positive rate of a whole gallery."""

    probe_images: int | None = Field(
        None,
        ge=1,
        description=(
            "Images of the probe: so many rows of the array come before the gallery. In JSON it is "
            "the number of embeddings in `probe`, and need not be sent. Default 1."
        ),
        examples=[1],
    )
    gallery_images: int = Field(
        1,
        ge=1,
        description=(
            "Images of each thing in the gallery: so many consecutive rows are one thing's, and "
            "have one energy and one decision together."
        ),
        examples=[1],
    )
    fpir: float | None = Field(
        None,
        ge=0,
        le=1,
        description=(
            "A supported target false positive identification rate: the share of probes of "
            "people who are not in the gallery that match any of its rows. Goes without `fmr`; "
            "`threshold` goes before it."
        ),
        examples=[0.05],
    )
    sha256: str | None = Field(
        None,
        pattern="^[0-9a-f]{64}$",
        description=(
            "The `model.sha256` that /embed answered with these embeddings. Where another graph "
            "answers now, nothing is compared and the answer is a 409."
        ),
        examples=["f701b48be4d05f57863025e63353243822eb08f36e30b21c127bed1da63e458a"],
    )
