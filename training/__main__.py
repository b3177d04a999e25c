"""`python -m training`."""

import sys

try:
    from training.cli import main
except ModuleNotFoundError as error:  # Where only the service is installed.
    sys.exit(f"training: {error.name} is not installed; `make .venv/.dev` installs it")

main()
