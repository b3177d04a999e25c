r"""The default bundle, `faces`: that of `faces_located`, taught by dlib's encoder as well.

    python -m training adopt-recipe dlib-faces --to runs/dlib-faces
    python -m training train faces_taught --data ../shared/data/lfw \
        --init model/bundles/faces-crops --teacher runs/dlib-faces --out runs/faces_taught
    python -m training export runs/faces_taught --to model/bundles/faces

The initial weights are those of `faces-crops` 2.3.0, whose split is kept. The teacher embeds the
people who are trained on, and nobody else. Its weights are in the public domain by the word of
their author, who also says that care was taken to leave LFW's people out of its training (the
recipe `dlib-faces`). On LFW the figures are of the protocol "unrestricted, labelled outside data".

Time: with two threads of an EPYC with AVX-512, 10 minutes for the teacher to embed the images and
65,504 mixtures, and 60 s for each epoch. Figures: on the 1,700 test people in whose pictures one
face is located an EER of 4.5 % and an FNMR of 12.7 % at the operating point of FMR 1 %; 93.6 % ±
0.8 % on `pairsDevTest` at the threshold of the calibration people. See docs/decisions/0060 and
0065.
"""

from training.config.sections import Choice, ChosenBy, Target, View
from training.configs.faces_located import CONFIG as FACES_LOCATED

CONFIG = FACES_LOCATED.derive(
    name="faces-taught",
    version="3.1.0",
    epochs=24,
    # Of which the teacher's term is thirty times as steep.
    learning_rate=0.005,
    average_decay=0.99,
    teacher_weight=30.0,
    teacher_mixtures=8,
    whitening=None,
    # A picture and its mirror image: of five sets of views the lowest FNMR at FMR 0.1 %.
    views=(View(middle=0.8), View(middle=0.8, mirrored=True)),
    whitening_weights="equal",
    card={
        "summary": (
            "A face verifier of 1.7 M parameters that finds the face in a picture first, trained "
            "on 3,432 people of LFW's View 1, and taught by dlib's face encoder."
        ),
        "data_licence": (
            f"{FACES_LOCATED.card.data_licence} It also learnt from the embeddings of dlib's face "
            "encoder, whose weights are in the public domain by the word of their author."
        ),
    },
    targets=(
        Target(
            figure=(
                "LFW View 1 pairsDevTest: accuracy, equal-error threshold of the calibration people"
            ),
            at_least=0.93,
            published="MRF-Fusion-CSKDA 95.89 % (View 2, no outside data)",
        ),
        Target(figure="FNMR at FMR 1 %, all pairs of the test identities", at_most=0.22),
    ),
    choice=Choice(
        by=ChosenBy.TEST,
        how=(
            "Input, network, loss of labels, framing and augmentation are those of "
            "`faces_located`, whose test figures had been seen. The teacher's part, views and "
            "the lack of a whitening were chosen by calibration people alone."
        ),
    ),
)
