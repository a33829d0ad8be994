"""A small model that speaks: its prompts, its wordings, its corpus and its recipe."""
