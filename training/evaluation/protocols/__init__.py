"""Published protocols, one per file: each measures an exported bundle and gives its figures.

A file has a function `build`, which takes the protocol's options and gives a callable from a
`training.evaluation.system.SystemUnderTest` to its `training.evaluation.measured_value.Figure`s.
"""
