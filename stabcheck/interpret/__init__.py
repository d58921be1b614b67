"""What the nodes of the language mean: floats, intervals, balls and exact numbers."""
