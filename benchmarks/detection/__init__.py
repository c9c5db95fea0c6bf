"""How many faces are found, how many are invented, and what it costs."""
