"""The default bundle: faces, by a small residual encoder trained on the people of LFW's View 1.

python -m training train faces --data ../shared/data/lfw --out runs/faces
python -m training export runs/faces --to model/bundles/faces

Time: 40 minutes on two cores. Figure: 91.9 % ± 0.6 % on the 1,000 pairs of `pairsDevTest.txt`, and
an equal error rate of 8.8 % over all pairs of the 1,711 test people. The bar is 90 %.

Before it, version 1.0.0 (the whole picture at 96 pixels, improved blocks, 60 epochs): 87.4 % and
12.6 %. Then, one after the other: the middle 80 % of the picture at 112 pixels, plain blocks, 90
epochs: 89.1 % and, with the mean of the picture and its mirror image, 89.7 % and 10.5 %; the views
below in their place (2.0.0): 90.5 % and 10.1 %; the whitening (2.1.0): 90.6 % and 9.4 %; and its
weights (2.2.0).

Of some two dozen sets of views that were looked at, in scripts that are not kept, these two have
the lowest equal error rate over the calibration people: 11.1 %, as against 11.8 % for one view
and 11.5 % for the picture with its mirror image. One set of three views has the same 11.1 %; it
costs half as much again. The scripts printed the accuracy on pairsDevTest beside it (91.1 % for
these two, 89.7 % for those three, 89 to 91 % for the others), so that it was known when the tie
was broken: read the accuracy as somewhat flattered, by less than its spread. The whitening's
shrinkage moves the calibration error little (10.3 to 10.5 % from 0.05 to 0.7; pairsDevTest was
printed there too, 90.5 to 91.0 %). With weighed directions 0.05 has the smallest (9.8 %; 10.1 % at
0.1; the test people's errors were printed there too). See decision 12.

Looked for in vain, on a GPU, in runs that are not kept: a network of four times the parameters
(widths 64 to 384, dim 256, 60 epochs) has a calibration EER of 12.2 % with one view and no
whitening, where this one has 11.8 %; whitened, 9.9 % on the test people. This one taught by it
(`--teacher`) has 10.6 %; but with the views and the whitening 8.7 % on the test people, an FNMR of
31.2 % at an FMR of 1 %, and 90.8 % ± 0.5 % on pairsDevTest: within chance what is shipped. (Of one
view, at half the cost: 9.2 % and 90.4 % ± 0.6 %.)

The run was trained before the config had views and whitening, which act on the export alone. The
shipped bundle was made from that of the run by

python -m training renew model/bundles/faces --data ../shared/data/lfw --to model/bundles/faces
"""

from model.manifest import Aspect, Card, InputSpec, Metric
from training.config.schema import TrainingConfig
from training.config.sections import Export, Measurement, Optimisation, SplitConfig
from training.config.target import Target
from training.config.view import View
from training.registry import Component

CONFIG = TrainingConfig(
    name="faces",
    version="2.2.0",
    # LFW's faces have a rim of background, which the middle leaves out.
    input=InputSpec(width=112, height=112, channels=3, aspect=Aspect.CROP, middle=0.8),
    canvas=1.4,
    export=Export(
        # By the calibration EER; see above.
        views=(View(middle=0.7), View(middle=0.9, mirrored=True)),
        # By the calibration EER too; see decision 12.
        whitening=0.05,
        whitening_weights="plda",
    ),
    metric=Metric.L2,
    # peopleDevTest.txt names the test people; the others are divided between training and
    # calibration.
    split=SplitConfig(calibration=0.15),
    network=Component(name="residual", options={"dropout": 0.5, "blocks": "plain"}),
    loss=Component(name="cosface", options={"margin": 0.1, "scale": 20}),
    sampler=Component(name="shuffled", options={"per_identity": 30}),
    # Tighter and looser than the middle, colour and grey.
    augmentation=Component(
        name="jitter",
        options={"zoom": [0.62, 0.98], "shift": 0.06, "grey": 0.2, "erase": 0.4},
    ),
    optimiser=Component(name="sgd", options={"weight_decay": 5e-4}),
    optimisation=Optimisation(epochs=90, batch_size=128, learning_rate=0.1, bfloat16=True),
    seed=2007,
    card=Card(
        summary="A face verifier of 1.7 M parameters, trained on 3,432 people of LFW's View 1.",
        intended_use=(
            "Trying Likewise out, and a baseline to beat on your own data: two roughly frontal, "
            "roughly centred faces, cropped tight or loose, colour or grey."
        ),
        not_for=(
            "Any decision that matters to a person: access, identity, policing, hiring. It was "
            "trained on a few thousand public figures in news photographs; its error rates hold "
            "for such photographs, and how they differ between groups of people is not measured. "
            "It does not find faces in a picture, and a picture of a picture passes."
        ),
        data_licence=(
            "Labeled Faces in the Wild, deep-funneled (Huang et al. 2007, 2012): published for "
            "research; the photographs come from news sources, so it is not cleared for commercial "
            "use, and neither is this bundle."
        ),
    ),
    measurement=Measurement(
        targets=(
            Target(
                figure="LFW View 1 pairsDevTest: accuracy, ten-fold best threshold",
                at_least=0.9,
                published="eigenfaces 60.0 %, MRF-Fusion-CSKDA 95.89 % (View 2, no outside data)",
            ),
        ),
    ),
)
