"""The bulk commands' own branch of the tree of errors.

LikewiseError               (model.errors)
└── BulkError
├── SourceError         images that cannot be listed or read
├── JobError            a job that cannot be begun, or gone on with
├── EngineError         the engine ended before all shards were done
├── EmbeddingsError     not a file of embeddings, or not one for this call
└── PairsError          pairs that cannot be searched, or too many of them
"""

from model.errors import LikewiseError


class BulkError(LikewiseError):
    """Base of the errors that only bulk work raises."""


class SourceError(BulkError):
    """Images that cannot be listed, or that cannot be read this time."""


class JobError(BulkError):
    """A job that cannot be begun, or gone on with."""


class EngineError(BulkError):
    """The engine ended before all shards were done; the command goes on when it is run again."""


class EmbeddingsError(BulkError):
    """Not a file of embeddings, or not one for this call."""


class PairsError(BulkError):
    """Pairs that cannot be searched, or more of them than are kept."""
