"""The page that stands beside a bundle's manifest and says the same to a person."""

from __future__ import annotations

from model.manifest import Manifest
from training.templates.render import render


def render_card(manifest: Manifest) -> str:
    """The model card, Markdown: every figure in it is the manifest's."""
    return render("card.md.j2", m=manifest)
