"""Write the software bill of materials of the container image, as CycloneDX JSON.

    make sbom        dist/likewise-VERSION.cdx.json, without the network

It lists what requirements/service.txt installs on Linux, with the hashes of the files; the packages
of the operating system are those of the base image, which is not read.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.markers import Marker

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements" / "service.txt"
IMAGE = {
    "python_version": "3.11",
    "python_full_version": "3.11.0",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "sys_platform": "linux",
    "os_name": "posix",
}
"""The environment of the image; its architecture makes no difference."""
_ENTRY = re.compile(r"^[^\s#].*\n(?:    --hash=.*\n)+", re.MULTILINE)


def image_requirements(lock: str) -> str:
    """Return the entries of a lock that are installed in the image, without their markers."""
    chosen = []
    for entry in _ENTRY.findall(lock):
        head, _, hashes = entry.partition(" \\\n")
        pinned, _, marker = head.partition(" ; ")
        if not marker or Marker(marker).evaluate(IMAGE):
            chosen.append(f"{pinned} \\\n{hashes}")
    return "".join(chosen)


def write(to: Path, *, validated: bool = True) -> None:
    """Write the bill of materials; the same lock gives the same bytes.

    Raises:
        CalledProcessError: It is to be validated, and is not valid by the schema of CycloneDX.
    """
    command = [sys.executable, "-W", "ignore", "-m", "cyclonedx_py", "requirements", "-"]
    command += ["--pyproject", str(ROOT / "pyproject.toml"), "--mc-type", "application"]
    command += ["--output-reproducible", "--validate" if validated else "--no-validate"]
    command += ["--output-format", "JSON"]
    command += ["--output-file", str(to)]
    text = image_requirements(LOCK.read_text("utf-8"))
    subprocess.run(command, input=text, text=True, check=True)  # noqa: S603 (our own tool)


def main() -> None:
    """Write the bill of materials of this version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    to = ROOT / "dist" / f"likewise-{project['version']}.cdx.json"
    to.parent.mkdir(exist_ok=True)
    write(to)
    print(f"wrote {to.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
