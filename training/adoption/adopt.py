"""Adoption of an encoder that others trained: its bundle, with measured decisions."""

from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from model.bundle import Bundle, Split, identity_digest, sha256, split_bytes
from model.errors import faults
from model.manifest import Adoption, Card, InputSpec, Kind, Manifest, OnnxFile, Seen, SplitBy
from training.adoption.comparison import IMAGES_PER_IDENTITY, Trial, mistakes, spec_of
from training.adoption.foreign_graph import OPSET, ForeignGraph, open_graph
from training.adoption.request import Reading, Source, Terms
from training.adoption.trial import golden_answer, try_graph
from training.adoption.wrapping import wrap
from training.data.split import IdentitySplit
from training.errors import AdoptionError
from training.evaluation.manifest_figures import measure_figures
from training.export.bundle_name import bundle_name
from training.export.int8_graph import Graphs, write_like
from training.runs import provenance


@dataclass(frozen=True)
class Adopted:
    """Result of an adoption.

    Attributes:
        manifest: Of the bundle that was written.
        graph: The encoder as it was opened.
        trials: The declaration, then the usual mistakes, on the same calibration identities.
    """

    manifest: Manifest
    graph: ForeignGraph
    trials: tuple[Trial, ...]


def adopt(
    source: Source, to: Path, reading: Reading, terms: Terms, graphs: Graphs = Graphs.FP32
) -> Adopted:
    """Write the bundle of an encoder that others trained.

    Thresholds are chosen on one half of the identities and measured on the other, or on the data
    set's own test identities. The bundle is named after its folder `to`.

    Raises:
        AdoptionError: The encoder cannot be adopted as it is declared; nothing is written.
        DataError: Too few identities, or no pairs of one kind.
        SelfCheckError: The graph does not pass its first run: see `trial.try_graph`.
    """
    name = bundle_name(to)
    graph = open_graph(source.content, reading.output)
    spec, split = spec_of(graph, reading.declared), source.split(terms)
    wrapped = wrap(graph, reading.declared, reading.answer)
    _try(source, wrapped, reading, spec, split)
    system = source.system(reading, wrapped, spec, split)
    figures = measure_figures(replace(system, seen=_seen(terms)), IMAGES_PER_IDENTITY)
    golden = golden_answer(wrapped, reading.answer, spec, _activations(graph, reading))
    digests = _digests(split, terms)
    manifest = Manifest(
        name=name,
        version="1.0.0",
        kind=reading.answer.kind,
        input=spec,
        metric=reading.energy,
        embedding_dim=1 if reading.answer.kind is Kind.PAIR else len(golden.embedding),
        onnx=_onnx_file(reading.answer.kind, wrapped),
        split_sha256=sha256(split_bytes(digests)),
        split_by=SplitBy.IDENTITY,
        golden=golden,
        provenance=None,
        adoption=_adoption(source, graph, reading, terms),
        card=_card(source, terms),
        **figures.fields,
    )
    trials = tuple(mistakes(graph, reading, source, split))
    manifest, others = graphs.added(
        *(manifest, wrapped, source.images, split, reading.locator), stages=source.stages
    )
    bundle = Bundle(to, manifest, wrapped, digests, locator=reading.locator_graph)
    write_like(bundle, manifest, to, figures.domain_data, others)
    return Adopted(manifest, graph, trials)


def _try(
    source: Source, wrapped: bytes, reading: Reading, spec: InputSpec, split: IdentitySplit
) -> None:
    source.stages.begin("trying the encoder on a few images")
    known = split.take(source.images, "calibration")
    try_graph(wrapped, reading.answer.kind, spec, known, reading.locator)


def _seen(terms: Terms) -> Seen:
    return Seen.UNKNOWN if terms.trained_on is None else Seen.IDENTITIES


def _digests(split: IdentitySplit, terms: Terms) -> Split:
    """Return the split as digests, with those that the encoder was trained on, of any data."""
    known = frozenset(map(identity_digest, terms.trained_on or ()))
    return replace(split.digests(), train=known)


def _activations(graph: ForeignGraph, reading: Reading) -> bytes | None:
    """Wrap the activations behind a code; None where there are none."""
    if reading.answer.kind is not Kind.CODES or graph.answers_bytes:
        return None
    numbers = replace(reading.answer, kind=Kind.ENCODER, bit_threshold=0.0)
    return wrap(graph, reading.declared, numbers)


def _onnx_file(kind: Kind, graph: bytes) -> OnnxFile:
    file = "scorer.onnx" if kind is Kind.PAIR else "encoder.onnx"
    return OnnxFile(file=file, sha256=sha256(graph), bytes=len(graph), opset=OPSET)


def _adoption(source: Source, graph: ForeignGraph, reading: Reading, terms: Terms) -> Adoption:
    return Adoption(
        file=source.file.name,
        sha256=sha256(source.content),
        declared=reading.declared.in_words,
        declared_by=reading.declared.source,
        licence=terms.licence,
        training_data=terms.training_data,
        seen=_seen(terms),
        data=source.images.name,
        data_sha256=source.images.fingerprint(),
        seed=source.seed,
        command=provenance.command(),
        git_revision=provenance.git_revision(),
        adopted_at=provenance.now(),
        parameters=graph.parameters,
        subnormals=graph.subnormals,
        libraries=provenance.libraries(),
    )


def _card(source: Source, terms: Terms) -> Card:
    """Fill in what the adopter does not say."""
    said = {
        "summary": f"{source.file.name}, adopted, with thresholds of {source.images.name}.",
        "intended_use": f"Images like those of {source.images.name}, on which it was measured.",
        "not_for": "Anything else: its error rates were measured on nothing else.",
        "data_licence": f"Terms of the encoder: {terms.licence}",
        **terms.card,
    }
    try:
        return Card(**said)
    except (TypeError, ValidationError) as error:
        reason = faults(error) if isinstance(error, ValidationError) else str(error)
        raise AdoptionError(f"the card: {reason}") from error
