"""Catalog of the bundles that this worker serves, by name."""

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

from app.encoders.port import Encoder, PairScorer
from app.errors import KindError, ModelRefusedError, ModelsError, UnknownModelError
from app.gallery.records import Encoding
from model.bundle import MANIFEST_FILE, Bundle, open_bundle
from model.domain import Domain
from model.errors import BundleError, LikewiseError, ManifestError, UnreadableError
from model.files import LASTING
from model.golden import check_golden, check_golden_candidates, check_golden_pairs
from model.locating.locator import Locator
from model.manifest import Manifest, OnnxFile

logger = logging.getLogger(__name__)

MAX_ENTRIES = 10_000
"""Maximum number of entries of the models folder."""


@dataclass(frozen=True)
class ServedModel:
    """A bundle that has passed every check, and its running encoder.

    Attributes:
        manifest: Of the graph that runs.
        encoder: Running.
        domain: Its domain check, None where it has none.
        locator: None where the bundle has none.
        whole: Manifest of the bundle, where another of its graphs may run than its own.
        others: The bundle's graphs that do not run.
    """

    manifest: Manifest
    encoder: Encoder
    domain: Domain | None = None
    locator: Locator | None = None
    whole: Manifest | None = None
    others: tuple[OnnxFile, ...] = ()

    @property
    def bundle(self) -> Manifest:
        """Manifest of the bundle."""
        return self.whole or self.manifest

    @cached_property
    def encoding(self) -> Encoding:
        """Encoding of its embeddings, which a gallery names; every search compares it."""
        return Encoding.of(self.manifest)

    def check(self) -> None:
        """Run the golden self-checks.

        Raises:
            SelfCheckError: The encoder or locator does not compute what the manifest promises.
        """
        check_golden(self.manifest.golden, self.manifest.input, self.encoder.embed)
        _check_locator(self.locator)

    @property
    def provider(self) -> str:
        """Name of the device that runs it: `CPU` or `CUDA`."""
        return self.encoder.provider


@dataclass(frozen=True)
class ServedPairModel:
    """A bundle of kind `pair` that has passed every check; it has no embeddings.

    `domain` and `locator` are None where the bundle has none.
    """

    manifest: Manifest
    scorer: PairScorer
    domain: Domain | None = None
    locator: Locator | None = None

    @property
    def bundle(self) -> Manifest:
        """Manifest of the bundle."""
        return self.manifest

    def check(self) -> None:
        """Run the golden self-checks.

        Raises:
            SelfCheckError: The scorer or locator does not compute what the manifest promises.
        """
        check_golden_pairs(self.manifest.golden, self.manifest.input, self.scorer.score)
        _check_locator(self.locator)

    @property
    def provider(self) -> str:
        """Name of the device that runs it: `CPU` or `CUDA`."""
        return self.scorer.provider


def _check_locator(locator: Locator | None) -> None:
    if locator is not None:
        check_golden_candidates(locator.spec.golden, locator.graph)


Served = ServedModel | ServedPairModel

Load = Callable[[Bundle], Served]
"""Loads a bundle, self-check included."""


@dataclass(frozen=True)
class Catalog:
    """The served bundles by name, and the refused ones with the reason.

    A name may be in both: the bundle in the folder was refused, and an earlier one answers.
    """

    default: str
    served: Mapping[str, Served]
    refused: Mapping[str, LikewiseError]

    def get(self, name: str | None = None) -> Served:
        """Return the model of that name, or the default one.

        Raises:
            UnknownModelError: There is no such bundle.
            ModelRefusedError: The bundle did not pass its checks.
        """
        wanted = self.default if name is None else name
        if wanted in self.served:
            return self.served[wanted]
        reason = self.refused.get(wanted)
        if reason is not None:
            raise ModelRefusedError(
                f"the model {wanted!r} did not pass its checks; the service's log says why"
            )
        available = ", ".join(self.served)
        raise UnknownModelError(
            f"there is no model {wanted!r}; there is: {available}", tuple(self.served)
        )

    @property
    def is_complete(self) -> bool:
        """True unless a bundle could not be read, so that another attempt may serve it."""
        return not any(isinstance(error, UnreadableError) for error in self.refused.values())

    def check(self) -> None:
        """Run the golden self-check of every served model.

        Raises:
            SelfCheckError: A model does not pass it.
        """
        for model in self.served.values():
            model.check()

    def get_encoder(self, name: str | None = None) -> ServedModel:
        """Return the model of that name, or the default one, if it embeds images.

        Raises:
            UnknownModelError: There is no such bundle.
            KindError: The bundle is a pair model.
            ModelRefusedError: The bundle did not pass its checks.
        """
        model = self.get(name)
        if isinstance(model, ServedModel):
            return model
        others = [name for name, other in self.served.items() if isinstance(other, ServedModel)]
        raise KindError(
            f"the model {model.manifest.name!r} compares two images and has no embeddings: send "
            "both images to POST /verify, or name a model that has them "
            f"(there is: {', '.join(others) or 'none'})"
        )


def bundle_folders(models_dir: Path, known: Collection[str] = ()) -> list[Path]:
    """Return the folders that hold a manifest, or something in its place, sorted by name.

    Args:
        models_dir: The folder that holds the bundles.
        known: Names of bundles; their folders are returned also if they cannot be looked into.

    Raises:
        ModelsError: `models_dir` is not a folder that can be read, or has too many entries.
    """
    try:
        entries = sorted(islice(models_dir.iterdir(), MAX_ENTRIES + 1))
    except OSError as error:
        raise ModelsError(
            f"the models folder {models_dir} cannot be read ({error.strerror}); "
            "set LIKEWISE_MODELS_DIR to a folder that holds bundles"
        ) from error
    if len(entries) > MAX_ENTRIES:
        raise ModelsError(
            f"the models folder {models_dir} has more than {MAX_ENTRIES:,} entries; "
            "set LIKEWISE_MODELS_DIR to a folder that holds bundles only"
        )
    # A bundle that is still being written has a leading dot.
    visible = (entry for entry in entries if not entry.name.startswith("."))
    return [entry for entry in visible if _holds_manifest(entry, entry.name in known)]


def _holds_manifest(folder: Path, is_known: bool) -> bool:
    """Return whether a folder is a bundle; an unreadable one, such as `lost+found`, is none."""
    try:
        (folder / MANIFEST_FILE).stat()
    except PermissionError:
        return is_known
    except OSError as error:
        return error.errno not in LASTING  # Otherwise it may be one: opening it tells.
    return True


def check_default(models_dir: Path, default: str) -> Bundle:
    """Open the default bundle, with every check that needs no runtime.

    Raises:
        ModelsError: The folder, or the default bundle in it, does not exist.
        BundleError: The default bundle cannot be used.
    """
    names = [folder.name for folder in bundle_folders(models_dir)]
    if default not in names:
        raise ModelsError(
            f"there is no default model {default!r} in {models_dir} "
            f"(found: {', '.join(names) or 'none'}); "
            "set LIKEWISE_DEFAULT_MODEL to one that is there, or LIKEWISE_MODELS_DIR"
        )
    return open_named(models_dir / default)


def load_catalog(models_dir: Path, default: str, load: Load) -> Catalog:
    """Load every bundle of the folder.

    The default one has to load. Another one that fails is logged and left out: a broken bundle must
    not keep the others from being served.

    Raises:
        ModelsError: The folder, or the default bundle in it, does not exist.
        ProviderError: The requested execution provider did not load.
        BundleError: The default bundle cannot be used.
    """
    check_default(models_dir, default)
    served: dict[str, Served] = {}
    refused: dict[str, LikewiseError] = {}
    for folder in bundle_folders(models_dir):
        try:
            bundle = open_named(folder)
            served[folder.name] = load(bundle)
        except BundleError as error:
            if folder.name == default:
                raise
            logger.error("model %s is left out: %s", folder.name, error)  # noqa: TRY400 (a reason, not a crash)
            refused[folder.name] = error
    return Catalog(default, served, refused)


def open_named(folder: Path) -> Bundle:
    """Open a bundle, whose name has to be its folder's.

    Raises:
        BundleError: It cannot be used, or has another name.
    """
    bundle = open_bundle(folder)
    if bundle.manifest.name != folder.name:
        raise ManifestError(
            f"{folder} holds a bundle named {bundle.manifest.name!r}; give the folder that name"
        )
    return bundle
