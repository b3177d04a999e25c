"""One thread for numpy's products, from its first import on.

The products of the domain check are small: OpenBLAS would share them among threads that wait for
each other in a loop, on the cores that the service's own threads use. `app` imports this module
before numpy is loaded, and its child processes inherit it. A value that the operator has set is
kept.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
