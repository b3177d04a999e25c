"""Bulk work: embed many images, find the pairs among them, and load them into a gallery.

Needs the extra `likewise[bulk]`. Nothing of the service imports it.
"""

from model import one_numpy_thread as one_numpy_thread
