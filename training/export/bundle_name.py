"""Name and place of a bundle that is to be written."""

from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from model.bundle import MANIFEST_FILE
from model.files import check_place
from model.manifest import BundleName
from training.errors import ExportError


def bundle_name(to: Path) -> str:
    """Return the name of the bundle that is to be written to a folder: the folder's name.

    Call it before the work that the bundle is made by.

    Raises:
        ExportError: The folder's name cannot be a bundle's.
        BundleError: The folder exists and is no bundle, or cannot be made.
    """
    check_place(to, MANIFEST_FILE)
    try:
        return TypeAdapter(BundleName).validate_python(to.resolve().name)
    except ValidationError as error:
        raise ExportError(
            f"a bundle is named after its folder, and {to.resolve().name!r} cannot be a name: use "
            "small letters, digits, '.', '_' and '-', 64 at most, the first a letter or digit"
        ) from error
