"""Agents that are not trusted: any program, in a sandbox of its own, that plays by one line of JSON a question."""
