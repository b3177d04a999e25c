"""The host of a measurement: machine, cores, processes."""
