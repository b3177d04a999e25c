"""`python -m bulk COMMAND`: embed, pairs, enrol.

The process ends without Python's own clean-up: the engine was seen to abort in it, once in 26 runs,
after all work was done (decision 57). All that is promised is on the disk by then.
"""

import os
import sys

from bulk.cli import main

if __name__ == "__main__":
    try:
        status = main(sys.argv[1:])
    except SystemExit as error:  # argparse's
        status = error.code if isinstance(error.code, int) else 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
