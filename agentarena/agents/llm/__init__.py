"""Language models at the table: one agent over transformers, vLLM and any OpenAI-compatible server."""
