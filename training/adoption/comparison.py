"""Error rates of other declarations, on calibration identities alone."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pydantic import ValidationError

from model.errors import faults
from model.manifest import InputSpec
from training.adoption.declaration import Declaration
from training.adoption.foreign_graph import ForeignGraph, open_graph
from training.adoption.request import Reading, Source, Terms
from training.adoption.wrapping import image_size, wrap
from training.data.split import IdentitySplit
from training.errors import AdoptionError
from training.metrics.rates import equal_error, fnmr_at_fmr
from training.metrics.targets import DEFAULT_TARGET

IMAGES_PER_IDENTITY = 10
_IDENTITIES = 300
"""Most calibration identities that a declaration is measured on."""
_MIDDLES = (0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True)
class Trial:
    """Error rates of one declaration on calibration identities, by which nothing was chosen."""

    name: str
    eer: float
    fnmr: float


def best_middle(
    source: Source, reading: Reading, terms: Terms
) -> tuple[Reading, tuple[Trial, ...]]:
    """Choose the share of the image around its centre by the EER of calibration identities.

    Returns:
        The reading with the best share, and what each share gave.

    Raises:
        AdoptionError: The encoder cannot be adopted as it is declared.
        DataError: Too few identities.
    """
    graph, split = open_graph(source.content, reading.output), source.split(terms)
    tried = []
    for middle in _MIDDLES:
        declared = reading.declared.model_copy(update={"middle": middle})
        other = replace(reading, declared=declared)
        tried.append((_trial(f"middle {middle:g}", graph, other, source, split), other))
    best = min(tried, key=lambda pair: pair[0].eer)
    return best[1], tuple(trial for trial, _ in tried)


def mistakes(
    graph: ForeignGraph, reading: Reading, source: Source, split: IdentitySplit
) -> Iterator[Trial]:
    """Measure the declaration, then the usual mistakes in its place."""
    yield _trial("as declared", graph, reading, source, split)
    for name, declared in reading.declared.variants().items():
        yield _trial(name, graph, replace(reading, declared=declared), source, split)


def _trial(
    name: str, graph: ForeignGraph, reading: Reading, source: Source, split: IdentitySplit
) -> Trial:
    wrapped, spec = wrap(graph, reading.declared, reading.answer), spec_of(graph, reading.declared)
    source.stages.begin(f"measuring calibration identities, {name}")
    system = source.system(reading, wrapped, spec, split)
    several = [n for n, count in system.calibrated.counts().items() if count > 1]
    pairs = system.pairs(source.images.of(several[:_IDENTITIES]), IMAGES_PER_IDENTITY)
    fnmr = fnmr_at_fmr(pairs.genuine, pairs.impostor, DEFAULT_TARGET)
    return Trial(name, equal_error(pairs).rate, fnmr)


def spec_of(graph: ForeignGraph, declared: Declaration) -> InputSpec:
    """Return the input of the bundle.

    Raises:
        AdoptionError: Its size is unknown, or not one that a bundle can have.
    """
    height, width = image_size(graph, declared)
    try:
        return InputSpec(
            width=width,
            height=height,
            channels=graph.inputs[0].channels,
            aspect=declared.aspect,
            middle=declared.middle,
            resample=declared.resample,
        )
    except ValidationError as error:
        raise AdoptionError(f"the input cannot be a bundle's: {faults(error)}") from error
