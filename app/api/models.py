"""GET /models: the served models and their manifests."""

from typing import Annotated

from fastapi import APIRouter, Path

from app import errors
from app.api import examples, problem_types
from app.api.dispatch import Running
from app.api.schemas.operating_point import OperatingPointOffer
from app.api.schemas.service import ModelList, ModelSummary, RefusedModel
from app.catalog.catalog import Catalog, Served
from model.manifest import Kind, Manifest, OperatingPoint, Precision

Name = Annotated[str, Path(description="One of GET /models.", examples=["faces"])]

router = APIRouter(prefix="/models", tags=["models"])


@router.get(
    "",
    summary="The models of this service",
    responses=examples.answered("/models") | problem_types.documented(errors.NotReadyError),
)
async def list_models(service: Running) -> ModelList:
    """List the served models with their operating points, and those that were refused."""
    catalog = service.catalog
    return ModelList(
        models=[_summary(catalog, model) for model in catalog.served.values()],
        refused=[
            RefusedModel(name=name, reason=problem_types.answer_for(type(error)).title)
            for name, error in catalog.refused.items()
        ],
    )


@router.get(
    "/{name}",
    summary="One model's manifest",
    responses=examples.answered("/models/{name}")
    | problem_types.documented(
        errors.NotReadyError,
        errors.UnknownModelError,
        errors.ModelRefusedError,
        errors.ParameterError,
    ),
)
async def get_model(name: Name, service: Running) -> Manifest:
    """Give the whole manifest: calibration, measured accuracy, provenance and card."""
    return service.catalog.get(name).manifest


def _summary(catalog: Catalog, model: Served) -> ModelSummary:
    manifest = model.manifest
    points = manifest.calibration.operating_points
    return ModelSummary(
        name=manifest.name,
        version=manifest.version,
        kind=manifest.kind,
        sha256=manifest.onnx.sha256,
        precision=manifest.onnx.precision,
        precisions=_precisions(model.bundle),
        dim=None if manifest.kind is Kind.PAIR else manifest.embedding_dim,
        metric=manifest.metric,
        default=manifest.name == catalog.default,
        provider=model.provider,
        default_operating_point=_offer(manifest.calibration.default_point),
        operating_points=[_offer(p) for p in points if p.supported and p.target_fmr is not None],
        seen=manifest.seen,
        locates=manifest.locator is not None,
        summary=manifest.card.summary,
    )


def _precisions(bundle: Manifest) -> list[Precision]:
    own = () if bundle.onnx.precision is None else (bundle.onnx.precision,)
    return [*own, *(other.precision for other in bundle.graphs or ())]


def _offer(point: OperatingPoint) -> OperatingPointOffer:
    return OperatingPointOffer(
        target_fmr=point.target_fmr, threshold=point.threshold, **point.test.model_dump()
    )
