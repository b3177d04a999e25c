"""Named configs: each file's docstring gives its command, its time and the figure to expect."""
