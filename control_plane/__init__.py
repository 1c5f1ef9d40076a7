"""The cloud: what every device says, kept and shown; and what each should be, said once and held to."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("kubeddr")
except PackageNotFoundError:  # run from a bare source tree
    __version__ = "0"
