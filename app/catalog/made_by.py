"""Check that stored embeddings are of the graph that answers."""

from app.catalog.catalog import ServedModel
from app.errors import OtherGraphError


def check_made_by(model: ServedModel, sha256: str | None) -> None:
    """Check that embeddings were made by the graph of a model that runs.

    Args:
        model: The model.
        sha256: Of the graph that made them; None where it was not sent.

    Raises:
        OtherGraphError: It is another graph.
    """
    manifest = model.manifest
    if sha256 is None or sha256 == manifest.onnx.sha256:
        return
    named = f"{manifest.name} {manifest.version}"
    other = next((each for each in model.others if each.sha256 == sha256), None)
    if other is None:
        raise OtherGraphError(
            f"these embeddings are not of {named} as it is served here; embed the images again by "
            "/embed"
        )
    raise OtherGraphError(
        f"these embeddings are of the {other.precision} graph of {named}, and its "
        f"{manifest.onnx.precision} graph answers here: embed the images again by /embed, or let "
        f"the service be started with LIKEWISE_PRECISION={other.precision}"
    )
