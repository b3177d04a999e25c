r"""2ch-2stream on Omniglot: `two_channel` with another network.

    python -m training train two_channel_two_stream --data ../shared/data/omniglot \
        --out runs/two_stream
    python -m training export runs/two_stream --to bundles/two-channel-two-stream
    python -m training record runs/two_stream bundles/two-channel-two-stream

Time: 11 minutes on one thread of a busy machine (load 12 to 15 on two cores). Figures on the
570 test characters, at seed 2015: EER 10.35 %, FPR at 95 % recall 18.54 %, FNMR at FMR 1 % 32.57 %.
"""

from training.config.target import Target
from training.configs.two_channel import CONFIG as TWO_CHANNEL
from training.registry import Component

_SUMMARY = "Same or different handwritten character: 2ch-2stream of Zagoruyko and Komodakis (2015)."

CONFIG = TWO_CHANNEL.model_copy(
    update={
        "name": "two-channel-two-stream",
        "network": Component(name="two_channel_two_stream"),
        "card": TWO_CHANNEL.card.model_copy(update={"summary": _SUMMARY}),
        "targets": (
            Target(
                figure="FPR at 95 % recall",
                published="4.19 % on photo-tour patches (Zagoruyko, Komodakis 2015, mean)",
            ),
        ),
    }
)
