"""Print the dependencies in pyproject.toml for pip's `-r`, without the package itself.

python requirements.py otel           # the service's, and those of an extra
python requirements.py --only cuda    # those of an extra alone
"""

import argparse
import tomllib
from pathlib import Path


def main() -> None:
    """Print one requirement a line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("extras", nargs="*")
    parser.add_argument("--only", action="store_true", help="leave out those of the service")
    arguments = parser.parse_args()
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = [] if arguments.only else list(project["dependencies"])
    for extra in arguments.extras:
        required += project["optional-dependencies"][extra]
    print(*required, sep="\n")


if __name__ == "__main__":
    main()
