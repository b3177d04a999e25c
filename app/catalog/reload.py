"""Reload of the models folder: new bundles are loaded, broken ones leave the old model in place.

A catalog in use is never changed. A reload builds a new one, and a request that began with the old
one ends with it.
"""

import logging
from itertools import islice
from pathlib import Path

from app.catalog.catalog import MAX_ENTRIES, Catalog, Load, Served, bundle_folders, open_named
from model.errors import LikewiseError

logger = logging.getLogger(__name__)

Fingerprint = frozenset[tuple[str | int, ...]]
"""For each file of each bundle: its path, device, inode, size in bytes, and the times of the last
modification and of the last change of the inode in ns; or its path and the number of the error."""


def reload_catalog(old: Catalog, models_dir: Path, load: Load) -> Catalog:
    """Build the catalog of the folder's current bundles.

    A bundle with an unchanged manifest, which includes the graph's hash, keeps its session. A
    bundle that cannot be used is listed as refused; if a model of its name was served, it still is.
    A model whose folder is gone is no longer served, except the default one.

    Args:
        old: The catalog served until now.
        models_dir: The folder that holds the bundles.
        load: Loads a bundle, self-check included.

    Raises:
        ModelsError: The folder cannot be read.
    """
    served: dict[str, Served] = {}
    refused: dict[str, LikewiseError] = {}
    for folder in bundle_folders(models_dir, old.served):
        name, before = folder.name, old.served.get(folder.name)
        try:
            served[name] = _load_changed(folder, before, load)
        except LikewiseError as error:
            stays = "is left out" if before is None else "stays as it was"
            logger.error("model %s %s: %s", name, stays, error)  # noqa: TRY400 (a reason, not a crash)
            refused[name] = error
            if before is not None:
                served[name] = before
    if old.default not in served:
        logger.error("the default model %s is gone from %s; it stays", old.default, models_dir)
        served[old.default] = old.served[old.default]
    _log_changes(old, served, refused)
    return Catalog(old.default, served, refused)


def fingerprint(models_dir: Path) -> Fingerprint:
    """Return a value that changes with the folder, without reading any file.

    Of a folder or file that cannot be looked at, the error is part of the value.
    """
    try:
        folders = bundle_folders(models_dir)
    except LikewiseError as error:
        return frozenset({(str(error),)})
    return frozenset(stamp for folder in folders for stamp in _stamps(folder))


def _load_changed(folder: Path, before: Served | None, load: Load) -> Served:
    bundle = open_named(folder)
    if before is not None and before.bundle == bundle.manifest:
        return before
    return load(bundle)


def _stamps(folder: Path) -> list[tuple[str | int, ...]]:
    try:
        return [_stamp(path) for path in islice(folder.iterdir(), MAX_ENTRIES)]
    except OSError as error:
        return [(str(folder), error.errno or 0)]


def _stamp(path: Path) -> tuple[str | int, ...]:
    try:
        at = path.stat()
    except OSError as error:
        return str(path), error.errno or 0
    # A file may be replaced by one of the same size and time of modification.
    return str(path), at.st_dev, at.st_ino, at.st_size, at.st_mtime_ns, at.st_ctime_ns


def _log_changes(
    old: Catalog, served: dict[str, Served], refused: dict[str, LikewiseError]
) -> None:
    changes = {
        "new": [name for name in served if name not in old.served],
        "replaced": [n for n, model in served.items() if old.served.get(n, model) is not model],
        "gone": [name for name in old.served if name not in served],
        "refused": list(refused),
    }
    parts = [f"{change}: {', '.join(names)}" for change, names in changes.items() if names]
    logger.info("models reloaded; %s", "; ".join(parts) or "nothing has changed")
