"""Options of `adopt`."""

from pathlib import Path
from typing import Annotated

import typer

from model.manifest import Aspect, Kind, Metric, Resample
from training.adoption.declaration import ChannelOrder
from training.adoption.wrapping import Pool

EncoderArgument = Annotated[Path, typer.Argument(help="The encoder's ONNX file.")]
DataOption = Annotated[Path, typer.Option(help="Identities that its thresholds are chosen on.")]
ToOption = Annotated[Path, typer.Option(help="The bundle's folder, after which it is named.")]
LicenceOption = Annotated[str, typer.Option(help="Terms of the encoder's weights, in words.")]
PreprocessingOption = Annotated[
    Path | None,
    typer.Option(help="The publisher's preprocessing: Hugging Face, timm or open_clip."),
]
MeanOption = Annotated[
    str | None, typer.Option(help="Mean of each channel, such as 0.485,0.456,0.406.")
]
StdOption = Annotated[str | None, typer.Option(help="Standard deviations, as --mean.")]
WhiteOption = Annotated[
    float, typer.Option(help="Value of a white pixel, in units of mean and std: 1 or 255.")
]
OrderOption = Annotated[ChannelOrder | None, typer.Option(help="Order of the channels.")]
SizeOption = Annotated[
    str | None, typer.Option(help="HEIGHTxWIDTH, where the graph leaves it free.")
]
AspectOption = Annotated[Aspect | None, typer.Option(help="Rule for images of another shape.")]
MiddleOption = Annotated[
    str | None,
    typer.Option(help="Share of the image around its centre (0.9), or `best`: by calibration EER."),
]
ResampleOption = Annotated[Resample | None, typer.Option(help="Filter of the resize.")]
KindOption = Annotated[Kind, typer.Option(help="Kind of bundle.")]
OutputOption = Annotated[str | None, typer.Option(help="The output, where there are several.")]
PoolOption = Annotated[Pool, typer.Option(help="Reduction of tokens.")]
NormaliseOption = Annotated[
    bool, typer.Option(help="Give embeddings unit length, as for a cosine.")
]
HigherIsSameOption = Annotated[
    bool, typer.Option(help="Of kind pair: the graph answers a similarity.")
]
BitThresholdOption = Annotated[
    float, typer.Option(help="Of kind codes: a bit is 1 above it; 0.5 for outputs of a sigmoid.")
]
MetricOption = Annotated[Metric, typer.Option(help="l1 or l2, of embeddings.")]
TrainedOnOption = Annotated[
    Path | None, typer.Option(help="Names of the identities that it was trained on, in lines.")
]
TrainingDataOption = Annotated[str, typer.Option(help="Data that it was trained on, in words.")]
CardOption = Annotated[Path | None, typer.Option(help="Further text of the card, JSON.")]
LocatorOption = Annotated[
    Path | None,
    typer.Option(
        help="A bundle or locator's folder, which finds the thing in each image, before it is cut."
    ),
]
LocatorFrameOption = Annotated[
    str,
    typer.Option(help="SCALE or SCALE,RIGHT,DOWN of the crop, in sides of what is located."),
]
SeedOption = Annotated[int, typer.Option(help="Seed of the halves to calibrate and test on.")]
