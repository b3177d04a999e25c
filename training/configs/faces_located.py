r"""The `faces-crops` encoder continued on faces that a locator found, for pictures of any framing.

    python -m training train faces_located --data ../shared/data/lfw \
        --init model/bundles/faces-crops --out runs/faces_located
    python -m training export runs/faces_located --to runs/faces-located

The initial weights are those of `faces-crops` 2.3.0, whose split is kept. What
`model/locators/faces` locates in each picture is trained on, calibrated and tested, and the bundle
holds the locator. The bundle `faces` is that of `faces_taught`, which derives from this config.
"""

from training.config.sections import Choice, ChosenBy
from training.configs.faces import CONFIG as FACES
from training.registry import Component

CONFIG = FACES.derive(
    name="faces-located",
    version="3.0.0",
    locator="faces",
    # As narrow as the locator is exact; grey, light, sharpness and surroundings vary more.
    augmentation=Component(
        name="portrait",
        options={
            "jitter": {
                "zoom": [0.68, 0.92],
                "shift": 0.03,
                "rotation": 6,
                "stretch": 0.05,
                "grey": 0.4,
                "erase": 0.3,
            }
        },
    ),
    epochs=30,
    learning_rate=0.05,
    average_decay=0.998,
    card={
        "summary": (
            "A face verifier of 1.7 M parameters that finds the face in a picture first, trained "
            "on 3,432 people of LFW's View 1."
        ),
        "intended_use": (
            "Trying Likewise out on photographs in which one face is to be found, in colour or "
            "grey, and a baseline to beat on your own data."
        ),
        "not_for": (
            "Any decision that matters to a person: access, identity, policing, hiring. It was "
            "trained on a few thousand public figures in news photographs; its error rates hold "
            "for such photographs, and how they differ between groups of people is not measured. "
            "A picture of a picture passes."
        ),
    },
    choice=Choice(
        by=ChosenBy.TEST,
        how=(
            "Input, network, loss and whitening are those of `faces-crops`, which were changed "
            "after its test figures had been seen. Framing, augmentation, epochs and learning rate "
            "were chosen by calibration people alone."
        ),
    ),
)
