"""The recipe of a small language model, `tiny`: corpus, tokenizer, pre-training."""
