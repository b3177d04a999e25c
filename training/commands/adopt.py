"""`adopt`: a bundle of an encoder that others trained, from its ONNX file."""

import json
from pathlib import Path

from pydantic import ValidationError
from rich.table import Table

from model.errors import FileError, faults
from model.files import read_text
from model.manifest import Kind, Metric
from training.adoption.adopt import Adopted, adopt
from training.adoption.comparison import Trial, best_middle
from training.adoption.declaration import Declaration
from training.adoption.declared_files import find_declaration, read_declaration
from training.adoption.request import Reading, Source, Terms
from training.adoption.wrapping import Answer, Pool
from training.commands import _adopt_options as options
from training.commands._precision_option import PrecisionOption
from training.console import console, print_accuracy, print_serving
from training.data.source import open_data
from training.errors import AdoptionError
from training.export.int8_graph import Graphs
from training.serving_graph.locator_folder import TrainedLocator, open_locator
from training.serving_graph.locator_framing import framed
from training.stages import ConsoleStages
from training.templates.render import percent

_MAX_TEXT_BYTES = 10_000_000
_BEST = "best"


def run(  # noqa: PLR0913, PLR0917 (an option each)
    encoder: options.EncoderArgument,
    data: options.DataOption,
    to: options.ToOption,
    licence: options.LicenceOption,
    preprocessing: options.PreprocessingOption = None,
    mean: options.MeanOption = None,
    std: options.StdOption = None,
    white: options.WhiteOption = 1,
    order: options.OrderOption = None,
    size: options.SizeOption = None,
    aspect: options.AspectOption = None,
    middle: options.MiddleOption = None,
    resample: options.ResampleOption = None,
    kind: options.KindOption = Kind.ENCODER,
    output: options.OutputOption = None,
    pool: options.PoolOption = Pool.NONE,
    normalise: options.NormaliseOption = False,
    higher_is_same: options.HigherIsSameOption = False,
    bit_threshold: options.BitThresholdOption = 0.0,
    metric: options.MetricOption = Metric.L2,
    trained_on: options.TrainedOnOption = None,
    training_data: options.TrainingDataOption = "unknown",
    card: options.CardOption = None,
    locator: options.LocatorOption = None,
    locator_frame: options.LocatorFrameOption = "1",
    seed: options.SeedOption = 0,
    precision: PrecisionOption = Graphs.BOTH,
) -> None:
    """Adopt an encoder that others trained: wrap, calibrate and measure its graph."""
    given: dict[str, object] = {"order": order, "aspect": aspect, "resample": resample}
    given |= {"mean": _pixels(mean, "--mean", white), "std": _pixels(std, "--std", white)}
    given |= {"middle": _middle(middle)} | _size(size)
    declared = _declared(encoder, preprocessing, given)
    answer = Answer(kind, pool, normalise, higher_is_same, bit_threshold)
    reading = Reading(declared, answer, output, metric, _locator(locator, locator_frame))
    terms = Terms(_said(licence), training_data, _names(trained_on), _card(card))
    with ConsoleStages(console) as stages:
        stages.begin(f"opening {encoder} and {data}")
        source = Source.read(encoder, open_data(data), seed, stages)
        reading = _best(source, reading, terms) if middle == _BEST else reading
        adopted = adopt(source, to, reading, terms, precision)
    _print(adopted, to)


def _locator(folder: Path | None, frame: str) -> TrainedLocator | None:
    """Open a locator, with the framing of the crop that this encoder sees."""
    if folder is None:
        return None
    try:
        scale, *shift = map(float, frame.split(","))
        right, down = shift or (0.0, 0.0)
    except ValueError as error:
        raise AdoptionError(
            f"--locator-frame {frame!r} is neither SCALE (0.2 to 5) nor SCALE,RIGHT,DOWN"
        ) from error
    return framed(open_locator(folder), scale, (right, down))


def _best(source: Source, reading: Reading, terms: Terms) -> Reading:
    """Choose the middle, and print what each gave."""
    best, tried = best_middle(source, reading, terms)
    console.print(_trials("chosen by calibration EER", tried))
    return best


def _declared(encoder: Path, file: Path | None, given: dict[str, object]) -> Declaration:
    """Read the declaration of a file, and put what options say in its place."""
    path = file or find_declaration(encoder)
    said = {name: value for name, value in given.items() if value is not None}
    declared = Declaration() if path is None else read_declaration(path)
    if path is not None and said:
        said["source"] = f"{path.name} and command line"
    try:
        declared = Declaration.model_validate(declared.model_dump() | said)
    except ValidationError as error:
        raise AdoptionError(f"the declaration: {faults(error)}") from error
    console.print(f"declared by {declared.source}: {declared.in_words}", highlight=False)
    return declared


def _pixels(text: str | None, option: str, white: float) -> tuple[float, ...] | None:
    """Read numbers, and bring them to units of a pixel, 0 to 255."""
    if text is None:
        return None
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise AdoptionError(f"{option} {text!r} is not numbers with commas between them") from error
    if max(map(abs, numbers)) > white:
        raise AdoptionError(
            f"{option} {text} exceeds the value of a white pixel, {white:g}; give --white 255 if "
            "it is in units of a pixel"
        )
    return tuple(number * 255 / white for number in numbers)


def _size(text: str | None) -> dict[str, object]:
    if text is None:
        return {}
    height, cross, width = text.partition("x")
    if not cross or not height.isdecimal() or not width.isdecimal():
        raise AdoptionError(f"--size {text!r} is not HEIGHTxWIDTH, such as 224x224")
    return {"height": int(height), "width": int(width)}


def _middle(text: str | None) -> float | None:
    if text is None or text == _BEST:
        return None
    try:
        return float(text)
    except ValueError as error:
        message = f"--middle {text!r} is neither a share, such as 0.9, nor `{_BEST}`"
        raise AdoptionError(message) from error


def _said(licence: str) -> str:
    if not licence.strip():
        raise AdoptionError("--licence is empty; say under which terms the weights are published")
    return licence.strip()


def _names(file: Path | None) -> frozenset[str] | None:
    return None if file is None else frozenset(_text(file).splitlines())


def _card(file: Path | None) -> dict[str, str]:
    if file is None:
        return {}
    try:
        members = json.loads(_text(file))
    except (ValueError, RecursionError) as error:
        raise AdoptionError(f"{file} is not JSON: {error}") from error
    if not isinstance(members, dict):
        raise AdoptionError(f"{file} is not a JSON object")
    return members


def _text(file: Path) -> str:
    try:
        return read_text(file, _MAX_TEXT_BYTES)
    except FileError as error:
        raise AdoptionError(str(error)) from error


def _print(adopted: Adopted, to: Path) -> None:
    manifest, graph = adopted.manifest, adopted.graph
    console.print(
        f"wrote {to}: {manifest.name} {manifest.version}, {graph.parameters:,} parameters, "
        f"calibrated on {manifest.calibration.sample.identities} identities",
        highlight=False,
    )
    if graph.subnormals:
        console.print(f"{graph.subnormals:,} subnormal weights were set to 0", highlight=False)
    if len(adopted.trials) > 1:
        console.print(
            _trials("on calibration identities, to see a wrong declaration", adopted.trials)
        )
        _warn(adopted.trials)
    print_accuracy(manifest.accuracy)
    console.print(f"measured on {manifest.accuracy.protocol}", highlight=False)
    print_serving(to)


def _trials(title: str, trials: tuple[Trial, ...]) -> Table:
    table = Table("preprocessing", "EER", "FNMR at FMR 1 %", title=title)
    for trial in trials:
        table.add_row(trial.name, percent(trial.eer), percent(trial.fnmr))
    return table


def _warn(trials: tuple[Trial, ...]) -> None:
    """Warn where a usual mistake does better than the declaration."""
    declared, *others = trials
    best = min(others, key=lambda trial: trial.eer)
    if best.eer < declared.eer:
        console.print(
            f"{best.name!r} has the lower EER: look whether the encoder is declared rightly",
            style="yellow",
            highlight=False,
        )
