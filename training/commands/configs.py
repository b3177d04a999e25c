"""`configs`: list of the named configs."""

from training.config.named import config_names, load_config
from training.console import console


def run() -> None:
    """List the named configs."""
    for name in config_names():
        console.print(f"{name}  {load_config(name).card.summary}", highlight=False)
