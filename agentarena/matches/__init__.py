"""Many matches at once: seating, the runner, files of records, results, tournaments.

import agentarena as aa
runs = aa.play("TicTacToe-v0", ["random", "random"], matches=200, seed=0)
"""
