"""Opening of a run folder or a bundle, whichever a path holds."""

from __future__ import annotations

from pathlib import Path

from model.bundle import MANIFEST_FILE, Bundle, open_bundle
from training.errors import RunError
from training.runs.run_folder import RunFolder


def open_system(path: Path) -> RunFolder | Bundle:
    """Open a run folder, or a bundle with all its checks.

    Raises:
        RunError: The folder is neither.
        BundleError: The bundle does not pass its checks.
    """
    if (path / MANIFEST_FILE).is_file():
        return open_bundle(path)
    if RunFolder(path).is_begun:
        return RunFolder(path)
    raise RunError(f"{path} is neither a run folder nor a bundle")
