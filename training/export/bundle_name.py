"""Name of a bundle: that of its folder."""

from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from model.manifest import BundleName
from training.errors import ExportError


def bundle_name(to: Path) -> str:
    """Return the name of the bundle in a folder: the folder's name.

    Raises:
        ExportError: The folder's name cannot be a bundle's.
    """
    try:
        return TypeAdapter(BundleName).validate_python(to.resolve().name)
    except ValidationError as error:
        raise ExportError(
            f"a bundle is named after its folder, and {to.resolve().name!r} cannot be a name: use "
            "small letters, digits, '.', '_' and '-', 64 at most, the first a letter or digit"
        ) from error
