"""Files and folders that systems and programs leave beside images: never images, never counted."""

from pathlib import PurePath

_NAMES = frozenset(
    {
        "$recycle.bin",
        "#recycle",
        "#snapshot",
        "@eadir",  # Synology
        "@recently-snapshot",
        "@recycle",  # QNAP
        "@sharebin",
        "@tmp",
        "__macosx",
        "__pycache__",
        "desktop.ini",
        "ehthumbs.db",
        "ehthumbs_vista.db",
        "icon\r",  # macOS: the picture of a folder
        "lost+found",
        "network trash folder",
        "picasa.ini",
        "recycler",
        "system volume information",
        "temporary items",
        "thumbs.db",
        "zbthumbnail.info",
    }
)


def is_litter(name: str) -> bool:
    """Check the name of one file or folder: hidden (`.git`, `._1.jpg`), or well known."""
    return name.startswith(".") or name.lower() in _NAMES


def lies_in_litter(path: PurePath) -> bool:
    """Check every folder of a relative path, and the file itself."""
    return any(map(is_litter, path.parts))
