"""The rules of the tax economy: skills, labour, taxes, welfare, a week's arithmetic, elections, and what happens in each phase."""
