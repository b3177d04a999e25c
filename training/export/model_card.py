"""Model card: the manifest's content as a page for people."""

from model.manifest import Manifest
from training.templates.render import render


def render_card(manifest: Manifest) -> str:
    """Render the model card, Markdown; every figure in it is taken from the manifest."""
    return render("card.md.j2", m=manifest)
