"""Split of earlier weights, which a training on the same data takes over."""

from model.bundle import Split, identity_digest
from model.manifest import SplitBy
from training.config.sections import SplitConfig
from training.data.image_set import ImageSet
from training.data.split import DataSplit, split_by_digests


def split_again(images: ImageSet, config: SplitConfig, former: Split) -> DataSplit | None:
    """Return a former split of a data set, which is of the kind that the config asks for.

    Returns:
        None where the split does not cover all of the data, or where the config or the data set
        names other identities to calibrate or test on.
    """
    official = images.test_identities if config.by is SplitBy.IDENTITY else images.test_images
    test = config.test_identities or (official if config.official else ())
    same_test = former.test.issuperset(map(identity_digest, test))
    calibration = map(identity_digest, config.calibration_identities)
    if not same_test or not former.calibration.issuperset(calibration):
        return None
    return split_by_digests(images, former, config.by)
