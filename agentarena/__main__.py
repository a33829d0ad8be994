"""`python -m agentarena`: the command line."""

from agentarena.cli import main

main()
