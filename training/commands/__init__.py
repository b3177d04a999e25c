"""The commands of `python -m training`: one per file, found by name.

Each file has a function `run`, whose parameters are the command's arguments and options; the
command is named after its file, with `-` for `_`.
"""
