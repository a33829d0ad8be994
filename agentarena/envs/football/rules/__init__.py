"""How players move and what it costs."""
