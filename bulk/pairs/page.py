"""Page of groups with thumbnails: one HTML file that needs no other."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from PIL import Image

from bulk.errors import SourceError
from bulk.pairs.groups import Group
from bulk.sources.reading import find_item, read_items
from model.errors import ImageError
from model.preprocessing import DEFAULT_LIMITS, upright_image

_TITLE = "Images of the same thing"
_SIDE, _QUALITY = 112, 80
_STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
section { border-top: 1px solid #8884; padding: .75rem 0; }
h2 { font-size: 1rem; margin: 0 0 .5rem; }
ul { display: flex; flex-wrap: wrap; gap: .75rem; list-style: none; margin: 0; padding: 0; }
li { width: 7rem; font-size: .75rem; overflow-wrap: anywhere; }
img, .none { display: block; width: 7rem; height: 7rem; object-fit: contain; background: #8882; }
"""


@dataclass(frozen=True)
class Shown:
    """Bounds of a page: the groups of it, and the images of a group, that it shows at most."""

    groups: int = 200
    images: int = 12


def render(
    notes: Sequence[str],
    groups: Sequence[Group],
    paths: Sequence[str],
    thumbnail: Callable[[str], bytes | None],
    shown: Shown,
) -> str:
    """Return the page.

    Args:
        notes: Sentences under the heading.
        groups: The groups, largest first.
        paths: Path of each row.
        thumbnail: Returns a JPEG of the image at a path; None where it is gone.
        shown: Bounds.
    """
    body = [f"<h1>{_TITLE}</h1>", *(f"<p>{escape(note)}</p>" for note in notes)]
    for number, group in enumerate(groups[: shown.groups], start=1):
        body += _section(number, group, paths, thumbnail, shown.images)
    if len(groups) > shown.groups:
        body.append(f"<p>{len(groups) - shown.groups:,} smaller groups are not shown.</p>")
    head = f'<meta charset="utf-8"><title>{_TITLE}</title><style>{_STYLE}</style>'
    return (
        f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(body)}</body></html>\n'
    )


def _section(
    number: int,
    group: Group,
    paths: Sequence[str],
    thumbnail: Callable[[str], bytes | None],
    most: int,
) -> Iterator[str]:
    size, all_pairs = len(group.rows), len(group.rows) * (len(group.rows) - 1) // 2
    yield (
        f"<section><h2>{number}. {size:,} images, {group.pairs:,} of {all_pairs:,} pairs under the "
        f"threshold, energies {group.least:.4g} to {group.largest:.4g}</h2><ul>"
    )
    for row in group.rows[:most]:
        yield f"<li>{_picture(thumbnail(paths[row]))}{escape(paths[row])}</li>"
    yield f"</ul>{f'<p>and {size - most:,} more</p>' if size > most else ''}</section>"


def _picture(jpeg: bytes | None) -> str:
    if jpeg is None:
        return '<span class="none"></span>'
    return f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}">'


def thumbnail_of(path: str) -> bytes | None:
    """Return a small JPEG of the image at a path of a file of embeddings; None if it is gone."""
    try:
        item = find_item(path)
        contents = [] if item is None else list(read_items([item], DEFAULT_LIMITS.max_bytes))
    except SourceError:
        return None
    data = next((content for _, content in contents), None)
    if not isinstance(data, bytes):
        return None
    try:
        image = upright_image(data)
    except ImageError:
        return None
    image.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()
