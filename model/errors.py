"""Every error that this package raises on purpose.

    LikewiseError
    ├── ImageError                an image that cannot be used
    │   ├── UnsupportedImageError     not a format, or a pixel type, that we read
    │   ├── BrokenImageError          claims to be one that we read, and is damaged
    │   ├── ImageTooLargeError        more bytes or pixels than the limits allow
    │   ├── NothingLocatedError       the locator finds nothing in it
    │   ├── SeveralLocatedError       the locator finds several things in it
    │   └── LandmarksError            landmarks that do not fit it, or the template
    ├── VectorError               an embedding that cannot be compared
    ├── OperatingPointError       a target FMR that the bundle cannot serve
    ├── IdentificationError       a target FPIR that it cannot serve for a gallery
    ├── FileError                 a file that cannot be read whole, or is not a regular one
    └── BundleError               a folder that is not a usable bundle
        ├── BundleNotFoundError       there is no bundle there
        ├── ManifestError             its manifest cannot be read or contradicts itself
        ├── IntegrityError            a file is missing, altered or too large
        │   └── UnreadableError           it could not be read this time
        └── SelfCheckError            the graph does not compute what the manifest promises

The message of each says what was wrong and what to do about it.
"""

from pydantic import ValidationError


class LikewiseError(Exception):
    """Base of every error that Likewise raises on purpose."""


class ImageError(LikewiseError):
    """An image that cannot be used."""


class UnsupportedImageError(ImageError):
    """Not an image, or of a format or pixel type that is not read."""


class BrokenImageError(ImageError):
    """The format is known, but the data is damaged or cut short."""


class ImageTooLargeError(ImageError):
    """More bytes or pixels than the limits allow."""


class NothingLocatedError(ImageError):
    """A picture in which the bundle's locator finds nothing: a failure to acquire."""


class SeveralLocatedError(ImageError):
    """A picture in which the bundle's locator finds several things."""


class LandmarksError(ImageError):
    """Landmarks that lie outside the picture, or do not have the shape of the template."""


class VectorError(LikewiseError):
    """An embedding that cannot be compared: wrong length, or not finite.

    Attributes:
        row: Index of the offending vector in its list, or None where there is only one.
    """

    def __init__(self, message: str, row: int | None = None) -> None:
        super().__init__(message)
        self.row = row


class OperatingPointError(LikewiseError):
    """A target FMR for which the bundle has no supported operating point.

    Attributes:
        supported: The target FMRs that the bundle does support, largest first.
    """

    def __init__(self, message: str, supported: tuple[float, ...]) -> None:
        super().__init__(message)
        self.supported = supported


class IdentificationError(LikewiseError):
    """A target FPIR for which the bundle has no supported threshold, for a gallery of that size.

    Attributes:
        largest_galleries: The supported targets, each with the largest gallery, largest first.
    """

    def __init__(self, message: str, largest_galleries: tuple[tuple[float, int], ...]) -> None:
        super().__init__(message)
        self.largest_galleries = largest_galleries


class FileError(LikewiseError):
    """A file that cannot be read whole, or is not a regular one.

    Attributes:
        is_transient: Whether another attempt may succeed, though the file has not changed.
    """

    def __init__(self, message: str, *, is_transient: bool = False) -> None:
        super().__init__(message)
        self.is_transient = is_transient


class BundleError(LikewiseError):
    """A folder that is not a usable bundle."""


class BundleNotFoundError(BundleError):
    """There is no bundle at that place."""


class ManifestError(BundleError):
    """The manifest cannot be read, has an unknown schema version, or contradicts itself."""


class IntegrityError(BundleError):
    """A file of the bundle is missing, too large, or not the one that the manifest names."""


class UnreadableError(IntegrityError):
    """A file of the bundle could not be read; another attempt may succeed."""


class SelfCheckError(BundleError):
    """The graph's inputs, outputs or golden embedding are not what the manifest promises."""


def faults(error: ValidationError) -> str:
    """Format what pydantic found wrong in one line: `place: fault` for each."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(": ".join([*_place(fault["loc"]), fault["msg"]]) for fault in found)


def _place(location: tuple[int | str, ...]) -> list[str]:
    return [".".join(map(str, location))] if location else []
