"""pseudo-siam on Omniglot: `two_channel` with another network.

    python -m training train pseudo_siam --data ../shared/data/omniglot --out runs/pseudo_siam
    python -m training export runs/pseudo_siam --to bundles/pseudo-siam
    python -m training record runs/pseudo_siam bundles/pseudo-siam

Time: 15 minutes on one thread of a busy machine (load 12 to 15 on two cores). Figures on the
570 test characters, at seed 2015: EER 20.42 %, FPR at 95 % recall 39.31 %, FNMR at FMR 1 % 77.36 %.
"""

from training.configs.two_channel import with_network

CONFIG = with_network("pseudo-siam", "pseudo-siam", published="")
