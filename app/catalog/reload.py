"""The models folder looked at again: what is new is loaded, what is broken leaves the old in place.

Nothing here touches a catalog that is in use. A new one is made beside it, and a request that began
with the old one ends with it.
"""

from __future__ import annotations

import logging
from pathlib import Path

from app.catalog.catalog import Catalog, Load, Served, bundle_folders, open_named
from model.errors import LikewiseError

logger = logging.getLogger(__name__)

Fingerprint = frozenset[tuple[str, int, int, int]]
"""For each file of each bundle: its name, inode, size in bytes, and time of change in ns."""


def reload_catalog(old: Catalog, models_dir: Path, load: Load) -> Catalog:
    """Make the catalog of what the folder holds now.

    A bundle whose manifest is the same, and with it the graph's hash, keeps its session. One that
    cannot be used is listed as refused, and if a model of that name was served, it still is. A
    model whose folder is gone goes too, except the default one.

    Args:
        old: What is served until now.
        models_dir: The folder that holds the bundles.
        load: Makes a bundle ready to answer, self-check included.

    Raises:
        ModelsError: The folder cannot be read.
    """
    served: dict[str, Served] = {}
    refused: dict[str, LikewiseError] = {}
    for folder in bundle_folders(models_dir):
        name, before = folder.name, old.served.get(folder.name)
        try:
            served[name] = _take_in(folder, before, load)
        except LikewiseError as error:
            stays = "is left out" if before is None else "stays as it was"
            logger.error("model %s %s: %s", name, stays, error)  # noqa: TRY400 (a reason, not a crash)
            refused[name] = error
            if before is not None:
                served[name] = before
    if old.default not in served:
        logger.error("the default model %s is gone from %s; it stays", old.default, models_dir)
        served[old.default] = old.served[old.default]
    _tell(old, served, refused)
    return Catalog(old.default, served, refused)


def fingerprint(models_dir: Path) -> Fingerprint:
    """What tells one state of the folder from another, without reading a file.

    A folder or a file that cannot be read counts as absent.
    """
    try:
        folders = bundle_folders(models_dir)
    except LikewiseError:
        return frozenset()
    return frozenset(stamp for folder in folders for stamp in _stamps(folder))


def _take_in(folder: Path, before: Served | None, load: Load) -> Served:
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


def _tell(old: Catalog, served: dict[str, Served], refused: dict[str, LikewiseError]) -> None:
    changes = {
        "new": [name for name in served if name not in old.served],
        "replaced": [n for n, model in served.items() if old.served.get(n, model) is not model],
        "gone": [name for name in old.served if name not in served],
        "refused": list(refused),
    }
    told = [f"{what}: {', '.join(names)}" for what, names in changes.items() if names]
    logger.info("models looked at again; %s", "; ".join(told) or "nothing has changed")
