"""`configs`: list of the named configs."""

from training.config.named import config_names, load_config
from training.console import console
from training.locator.named import load_locator_config, locator_names


def run() -> None:
    """List the named configs."""
    for name in config_names():
        console.print(f"{name}  {load_config(name).card.summary}", highlight=False)
    for name in locator_names():
        console.print(f"{name}  {load_locator_config(name).summary}", highlight=False)
