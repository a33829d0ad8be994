"""The rules core: games, states, streams of randomness, text faces, names and errors."""
