"""Encoding and bare SQL: the work of a search by image in a plain loop of one process.

The loop decodes a picture, encodes it in the session that the service opens, and runs one SQL
statement for the nearest. It runs in its own process and sleeps until a round is requested:

    python -m benchmarks.measurements.galleries.plain_search FOLDER_OF_PICTURES URL GALLERY
"""

import sys
from pathlib import Path

import numpy as np

from benchmarks.measurements.galleries.people import People
from benchmarks.measurements.galleries.searches import bare_sql
from benchmarks.measurements.galleries.stores import encodings
from benchmarks.payloads import pictures
from benchmarks.servers.ceiling import Step, bundle_of, embed_step, serve


def search_step(files: Path, url: str, gallery: str) -> Step:
    """Return the step that encodes the next picture and finds the nearest in a gallery."""
    encoding = encodings()[0]
    none = np.empty((0, encoding.dim), dtype=np.float32)
    embed = embed_step(bundle_of(encoding.model), pictures.load(files), 1)
    search = bare_sql(url, People(gallery, encoding, none, none))
    return lambda: search(embed()[0])


if __name__ == "__main__":
    _files, _url, _gallery = sys.argv[1:]
    serve(search_step(Path(_files), _url, _gallery))
