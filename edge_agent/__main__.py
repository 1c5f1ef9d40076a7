"""`python -m edge_agent`: the device as a service, told everything by the environment (KUBEDDR_SOURCE and so on)."""

from __future__ import annotations

import os
import sys

from edge_agent.agent import run
from edge_agent.errors import EdgeAgentError
from edge_agent.settings import from_environment

if __name__ == "__main__":
    try:
        run(from_environment(os.environ))
    except EdgeAgentError as error:
        sys.exit(str(error))
