"""`python -m kubeddr`: the command, where it is not on the PATH."""

from kubeddr.cli import main

main()
