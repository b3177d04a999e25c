"""siam on Omniglot: `two_channel` with another network.

    python -m training train siam --data ../shared/data/omniglot --out runs/siam
    python -m training export runs/siam --to bundles/siam
    python -m training record runs/siam bundles/siam

Time: 21 minutes on one thread of a busy machine (load 12 to 15 on two cores). Figures on the
570 test characters, at seed 2015: EER 24.79 %, FPR at 95 % recall 45.06 %, FNMR at FMR 1 % 94.39 %.
"""

from training.configs.two_channel import with_network

CONFIG = with_network(
    "siam", "siam", published="9.98 % on photo-tour patches (Zagoruyko, Komodakis 2015, mean)"
)
