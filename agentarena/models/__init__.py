"""The small language model in the box, `tiny`, and the recipe that made it: corpus, tokenizer, pre-training."""
