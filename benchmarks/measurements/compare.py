"""/compare of one probe with 100,000 embeddings, against numpy."""

import io

import numpy as np

from app.settings import SHIPPED_BUNDLES
from benchmarks.host.cores import server_cores
from benchmarks.payloads.bodies import Request
from benchmarks.plan import Plan
from benchmarks.result import Cell, Figure, Found, Table
from benchmarks.servers.ceiling import running_ceiling
from benchmarks.servers.server import likewise
from benchmarks.trials.contest import requests_in, saturated
from benchmarks.trials.rounds import alternate, of_ceiling, rate, ratio
from model.bundle import read_manifest

ABOUT = """\
One probe and 100,000 gallery rows in one .npy body, float32 (1 + 100,000, dim), its first row the
probe; `LIKEWISE_MAX_GALLERY` and `LIKEWISE_MAX_BODY_BYTES` are raised for it. "numpy's own speed"
is `model.scoring.energy` and the decisions on arrays in memory, on one core; the second reference
is the same from the bytes of the file to the bytes of the answer, which a service must do as well.

Tried for `faces-crops` (51 MB a call), one after the other, with the share of numpy's own speed
that this benchmark measured: the whole body, joined from its chunks (0.15); one buffer for it (no
figure was recorded); comparing each chunk on arrival, joined to the rest of the one before (0.26);
the same on views of the chunk (apparently slower); passing the bytes of the body on as they came,
without the two copies of uvicorn (0.33); the probe repeated, so that two flat runs of numbers are
subtracted (a tenth less time for the comparison in a trial, within the spread here); each chunk
copied to one place that stays in the cache (no gain in a trial). A sampling profile of one call, 26
ms of processor time, gives some 9 ms for reading 51 MB from the socket, 2 for the copy of the HTTP
parser, 3 for joining, and 8 for the comparison, which takes numpy 13 on the whole array."""

NPY = "application/x-npy"
_ROWS = 100_000
_HALF = 0.5
_MODELS = ("faces-crops", "att-chopra")


def gallery_file(model: str, rows: int) -> bytes:
    """Return random unit embeddings of a model's width: an .npy file, float32 (1 + rows, dim)."""
    dim = read_manifest(SHIPPED_BUNDLES / model).embedding_dim
    vectors = np.random.default_rng(0).standard_normal((1 + rows, dim), dtype=np.float32)
    file = io.BytesIO()
    np.save(file, vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    return file.getvalue()


def measure(plan: Plan) -> Found:
    """Measure the speed of the service as a share of that of numpy."""
    figures: list[Figure] = []
    rows: list[tuple[Cell, ...]] = []
    for model in _MODELS:
        body = gallery_file(model, _ROWS)
        file = plan.workspace / f"{model}.npy"
        file.write_bytes(body)
        folder = requests_in(plan, "compare", [Request("/compare", NPY, body, NPY)])
        limits: dict[str, object] = {
            "default_model": model,
            "max_gallery": _ROWS,
            "max_body_bytes": 2 * len(body),
        }
        arrays = running_ceiling(server_cores(), "compare", model, str(file))
        whole = running_ceiling(server_cores(), "compare-bytes", model, str(file))
        with arrays as numpy, whole as files, likewise(server_cores(), limits) as server:
            turns = alternate(
                {
                    "numpy": of_ceiling(numpy, plan.seconds),
                    "bytes": of_ceiling(files, plan.seconds),
                    "service": saturated(plan, server, folder, connections=2),
                },
                plan.rounds,
            )
        service = turns["service"]
        of_numpy = ratio(service, turns["numpy"])
        figures += [
            Figure.of(f"{model}, of numpy's own speed", of_numpy, at_least=_HALF),
            Figure.of(f"{model}, of numpy from bytes to bytes", ratio(service, turns["bytes"])),
        ]
        rows.append((model, *(rate(turns[name]).median for name in turns)))
    columns = ("bundle", "numpy, arrays, /s", "numpy, bytes to bytes, /s", "service, /s")
    return Found(tuple(figures), (Table("Comparisons with 100,000 rows", columns, tuple(rows)),))
