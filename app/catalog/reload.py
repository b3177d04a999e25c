"""Reload of the models folder: new bundles are loaded, broken ones leave the old model in place.

A catalog in use is never changed. A reload builds a new one, and a request that began with the old
one ends with it.
"""

import logging
from pathlib import Path

from app.catalog.catalog import Catalog, Load, Served, bundle_folders, open_named
from model.errors import LikewiseError

logger = logging.getLogger(__name__)

Fingerprint = frozenset[tuple[str, int, int, int]]
"""For each file of each bundle: its path, inode, size in bytes, and modification time in ns."""


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
    for folder in bundle_folders(models_dir):
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

    A folder or file that cannot be read counts as absent.
    """
    try:
        folders = bundle_folders(models_dir)
    except LikewiseError:
        return frozenset()
    return frozenset(stamp for folder in folders for stamp in _stamps(folder))


def _load_changed(folder: Path, before: Served | None, load: Load) -> Served:
    bundle = open_named(folder)
    if before is not None and before.manifest == bundle.manifest:
        return before
    return load(bundle)


def _stamps(folder: Path) -> list[tuple[str, int, int, int]]:
    try:
        found = [(path, path.stat()) for path in folder.iterdir()]
    except OSError:
        return []
    return [(str(path), at.st_ino, at.st_size, at.st_mtime_ns) for path, at in found]


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
