"""A first submission: tic-tac-toe by two rules, win where you can, else block. Other games get a random legal move."""

LINES = ((0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6))
BEST_FIRST = (4, 0, 2, 6, 8, 1, 3, 5, 7)


def act(view):
    """One move, as the reply that says it."""
    if not view.environment.startswith("TicTacToe"):
        return view.write(view.sample())
    mine, theirs = marks(view.observation, 0), marks(view.observation, 1)
    for marked in (mine, theirs):
        for line in LINES:
            free = [cell for cell in line if cell in view.legal]
            if len(free) == 1 and sum(cell in marked for cell in line) == 2:
                return view.write(free[0])
    return view.write(next(cell for cell in BEST_FIRST if cell in view.legal))


def marks(observation, plane):
    """The cells marked in one plane of the observation: 0 holds our own marks, 1 the opponent's."""
    return {3 * row + column for row in range(3) for column in range(3) if observation[row][column][plane]}
