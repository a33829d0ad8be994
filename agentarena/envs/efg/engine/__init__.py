"""Extensive-form games as data: the tree, and Gambit's .efg text of it, read and written without any dependency."""
