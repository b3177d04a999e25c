"""Option of the commands that write a bundle: the graphs that it gets."""

from typing import Annotated

import typer

from training.export.int8_graph import Graphs

PrecisionOption = Annotated[
    Graphs,
    typer.Option(
        "--precision",
        help="both: an int8 graph beside the float32 one, with its own thresholds and rates.",
    ),
]
