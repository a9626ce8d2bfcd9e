"""The version of the package; nothing else."""

__version__ = "0.1.0"
