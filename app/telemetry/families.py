"""Metrics that the service exports."""

from app.telemetry.values import Family, Kind

_REQUEST_S = (
    *(0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075),
    *(0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0),
)
_STAGE_S = (
    *(0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05),
    *(0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0),
)
_IMAGES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0)
_MODEL = ("model", "version")

REQUESTS = Family(
    Kind.COUNTER, "likewise_requests", "Requests that were answered.", ("route", "status")
)
REQUEST_SECONDS = Family(
    Kind.HISTOGRAM,
    "likewise_request_seconds",
    "From the request's first byte in the application to its answer, in seconds.",
    ("route",),
    _REQUEST_S,
)
REFUSED = Family(
    Kind.COUNTER, "likewise_refused", "Requests answered with a problem, by its type.", ("reason",)
)
QUEUE_DEPTH = Family(Kind.SUM, "likewise_queue_depth", "Jobs that wait for a thread.")
QUEUE_SECONDS = Family(
    Kind.HISTOGRAM,
    "likewise_queue_seconds",
    "Time that a job waited for a thread, in seconds.",
    (),
    _STAGE_S,
)
BATCH_IMAGES = Family(
    Kind.HISTOGRAM, "likewise_batch_images", "Images in one run of a model.", (), _IMAGES
)
DECODE_SECONDS = Family(
    Kind.HISTOGRAM,
    "likewise_decode_seconds",
    "Time to decode and fit the images of a job, in seconds.",
    (),
    _STAGE_S,
)
INFERENCE_SECONDS = Family(
    Kind.HISTOGRAM,
    "likewise_inference_seconds",
    "Time of one run of a model, in seconds.",
    (),
    _STAGE_S,
)
DECISIONS = Family(
    Kind.COUNTER,
    "likewise_decisions",
    "Decisions, by model and outcome.",
    (*_MODEL, "route", "outcome"),
)
DOMAIN = Family(
    Kind.COUNTER,
    "likewise_domain_images",
    "Images of /verify and /embed, by the result of the domain check.",
    (*_MODEL, "status"),
)
LOCATED = Family(
    Kind.COUNTER,
    "likewise_located_images",
    "Images of /verify and /embed of models with a locator, by what was located.",
    (*_MODEL, "result"),
)
ENERGY = Family(
    Kind.HISTOGRAM,
    "likewise_energy",
    "Energies of /verify, in the units of the model's metric; small means same.",
    _MODEL,
)
"""Its buckets come from each model's calibration: see `app.telemetry.drift_baseline`."""
RECENT = Family(
    Kind.SUM,
    "likewise_energy_recent",
    "Recent energies in each bin of the calibration.",
    (*_MODEL, "calibration", "bin"),
)
"""Internal to the workers; `app.telemetry.exposition` computes the next three from it."""
PSI = Family(
    Kind.SUM,
    "likewise_energy_psi",
    "Population stability index of recent energies against the calibration's best mixture.",
    _MODEL,
)
PSI_DECISIONS = Family(
    Kind.SUM,
    "likewise_energy_psi_decisions",
    "Recent decisions of /verify, on which the index would rest.",
    _MODEL,
)
GENUINE_SHARE = Family(
    Kind.SUM,
    "likewise_energy_genuine_share",
    "Share of genuine pairs in the mixture that fits recent energies best.",
    _MODEL,
)
MODEL_INFO = Family(
    Kind.LATEST,
    "likewise_model_info",
    "1 for each model that is served.",
    (*_MODEL, "kind", "metric", "sha256", "precision"),
)
WORKERS = Family(Kind.SUM, "likewise_workers", "Workers that are alive.")
WORKER_START = Family(
    Kind.LATEST,
    "likewise_worker_start_time_seconds",
    "When the youngest worker started, in seconds since 1970.",
)

EXPORTED = (
    *(REQUESTS, REQUEST_SECONDS, REFUSED),
    *(QUEUE_DEPTH, QUEUE_SECONDS, BATCH_IMAGES, DECODE_SECONDS, INFERENCE_SECONDS),
    *(DECISIONS, DOMAIN, LOCATED, ENERGY, PSI, PSI_DECISIONS, GENUINE_SHARE),
    *(MODEL_INFO, WORKERS, WORKER_START),
)
"""The exported metrics, in the order of docs/operate.md."""
