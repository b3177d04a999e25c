"""A modern encoder on AT&T, begun with the weights of the LFW people, as the paper added FERET's.

    python -m training folds att_modern --data ../shared/data/att_faces.zip \
        --init model/bundles/faces --out runs/att_modern

or, once,

    python -m training train att_modern --data ../shared/data/att_faces.zip \
        --init model/bundles/faces --out runs/att_modern
    python -m training export runs/att_modern --to model/bundles/att-modern

The network is that of the bundle that it begins with; the framing is its own: AT&T's faces fill
their pictures, so that the whole of them is shown.

Time: 4 minutes in one thread for all eight folds. Figure: an EER of 2.8 % pooled over the folds
(2.7 % ± 0.4 % over three seeds with folds of their own, `--seed 1995` and `1996` beside it; the bar
is 1 %, missed; 3.33 % is the best published for unseen people that we know); against a claimed
identity no test image of 200 is refused at an FMR of 10, 7.5 or 5 % (one, at seed 1995), where the
paper has 0, 1 and 1 %.

Tried, in order, 8 folds each unless said. From `faces` 1.0.0 (which has 6.84 % as it stands), 4
folds each: the supervised contrastive loss at a learning rate of 0.01 over 4 epochs (7.61 %), and
at 0.03 (worse on the calibration people from the first fold on: stopped); CosFace at 0.01 over 12
epochs (6.90 %), and over 8 short ones without and with grey images (7.33 %, 7.33 %); over 8 folds,
6 epochs (6.95 %). From `faces` 2.0.0: CosFace at 0.01 over 6 epochs, and at 0.001 over 3 (6.16 %
both). Then with the encoder left alone: the whole
picture and its mirror image (3.84 %); the pictures padded to keep their shape (3.4 % by reflection,
in a script that is not kept); the whitening with a shrinkage of 0.3, 0.5 and 0.7 (3.55, 3.28 and
3.11 %; over the calibration people 3.30, 3.37 and 3.57 %, so the middle was taken), by Ledoit and
Wolf's own shrinkage of 0.13 (3.78 %), mixed with the covariance of LFW's people (3.2 %), with the
pictures padded (3.45 %), and after 3 epochs of CosFace at 0.001 (3.45 %); linear discriminants in
place of it (4.5 %). Then with CosFace's prototypes at the places of their identities from the
start, and the whitening: 6 epochs at 0.01 (2.84 %; this config) and 8 at 0.02 (4.11 %), of which
the first has the smaller calibration error too (3.6 against 4.7 %, before the whitening).

Then a better encoder, on a GPU and over the folds of all three seeds (means of them), in scripts
that are not kept: trained on 5,519 people of LFW, grey, in the shape of AT&T's pictures so that
these are not stretched; first left alone and whitened with 0.5, then trained on as here with no
whitening. The network of `faces` 4.22 %; one of four times its parameters 3.06, then 2.61 %; a
deeper one that shrinks the picture later 3.04, then 3.11 %; the second with wider variations
4.24 %; the second and third together 2.76, then 2.67 %. Embeddings less their mean, then whitened:
2.84 and 2.96 % for the second and third. 56 views (four scales, shifts, turns, each mirrored) of a
network like that of `faces`, less half their mean: 2.83 %; one view and its mirror image 3.15 %.
The best of it is no better than this config's mean by more than its spread.

What holds it back is two people of the forty. Of the 142 genuine pairs that the second encoder,
trained on, takes for impostors at the equal error rate, 66 are of s31 (two sittings: near and
frontal; far, tilted and dimmer) and 37 of s36, who wears glasses in two pictures of ten; nobody
else has more than 9.
"""

from model.manifest import Aspect, Card, InputSpec, Metric
from training.config.schema import TrainingConfig
from training.config.sections import Export, Measurement, Optimisation, SplitConfig
from training.config.target import Target
from training.config.view import View
from training.registry import Component

CONFIG = TrainingConfig(
    name="att-modern",
    version="3.0.0",
    input=InputSpec(width=112, height=112, channels=3, aspect=Aspect.STRETCH),
    canvas=1.2,
    export=Export(views=(View(middle=1), View(middle=1, mirrored=True)), whitening=0.5),
    metric=Metric.L2,
    split=SplitConfig(calibration=0.2, test=0.125),
    network=Component(name="residual", options={"dropout": 0.5, "blocks": "plain"}),
    loss=Component(name="cosface", options={"margin": 0.1, "scale": 16}),
    sampler=Component(name="pk", options={"per_identity": 4, "images": 1000}),
    augmentation=Component(
        name="jitter",
        options={"zoom": [0.85, 1.1], "shift": 0.05, "rotation": 12, "grey": 1.0, "erase": 0.3},
    ),
    optimiser=Component(name="sgd", options={"weight_decay": 5e-4}),
    optimisation=Optimisation(epochs=6, batch_size=96, learning_rate=0.01, bfloat16=True),
    seed=1994,
    card=Card(
        summary="The faces encoder, whitened by people of AT&T.",
        intended_use="Comparison with the results published on AT&T's faces.",
        not_for="Any decision about a person; it knows LFW's and AT&T's photographs only.",
        data_licence=(
            "Labeled Faces in the Wild (research, not cleared for commercial use) and the AT&T "
            "(ORL) Database of Faces, AT&T Laboratories Cambridge (credit, no formal licence)."
        ),
    ),
    measurement=Measurement(
        protocols=(Component(name="separation"), Component(name="claimed_identity")),
        targets=(
            Target(
                figure="EER, pooled over 8 folds",
                at_most=0.01,
                published="3.33 % (Khalil-Hani, Liew 2014, unseen subjects)",
            ),
            *(
                Target(
                    figure=f"claimed identity: FNMR at FMR {fmr} %, mean of 8 folds",
                    published=f"{fnmr} % (Chopra, Hadsell, LeCun 2005; FERET's faces added)",
                )
                for fmr, fnmr in (("10", "0.0"), ("7.5", "1.0"), ("5", "1.0"))
            ),
        ),
    ),
)
