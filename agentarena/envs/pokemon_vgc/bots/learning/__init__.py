"""Learned players: the network, its file, decisions to clone from records and logs, and cloning. Needs torch (extra `rl`).

network.py     from observations to one logit for each pair of choices, and a value
files.py       networks as safetensors files
decisions.py   decisions as arrays: while playing, from match records, from Showdown logs
cloning.py     behaviour cloning
"""
