"""The audit log: one line for each change of a gallery, with names and without any vector."""

import logging

logger = logging.getLogger("app.audit")


def record(
    action: str, gallery: str, caller: str | None, identity: str | None = None, images: int = 0
) -> None:
    """Log a change that is stored.

    Args:
        action: `create`, `enrol`, `replace`, `erase`, `drop` or `swap`.
        gallery: Name of the gallery.
        caller: Name of the API key; None without keys.
        identity: Name of the identity, or of the other gallery of a swap.
        images: Number of images of an enrolment, or of identities that were dropped.
    """
    logger.info(
        "%s gallery=%s name=%r count=%d key=%s", action, gallery, identity, images, caller or "-"
    )
