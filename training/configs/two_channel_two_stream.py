r"""2ch-2stream on Omniglot: `two_channel` with another network.

    python -m training train two_channel_two_stream --data ../shared/data/omniglot \
        --out runs/two_stream
    python -m training export runs/two_stream --to bundles/two-channel-two-stream
    python -m training record runs/two_stream bundles/two-channel-two-stream

Time: 11 minutes on one thread of a busy machine (load 12 to 15 on two cores). Figures on the
570 test characters, at seed 2015: EER 10.35 %, FPR at 95 % recall 18.54 %, FNMR at FMR 1 % 32.57 %.
"""

from training.configs.two_channel import with_network

CONFIG = with_network(
    "two-channel-two-stream",
    "2ch-2stream",
    published="4.19 % on photo-tour patches (Zagoruyko, Komodakis 2015, mean)",
)
