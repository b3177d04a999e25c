"""Published protocols, one per file, which measure an exported bundle.

A file has a function `build`, which takes the protocol's options and returns a callable from a
`training.evaluation.system.SystemUnderTest` to `training.evaluation.measured_value.MeasuredValue`s.
"""
