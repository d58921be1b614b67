"""What the nodes of the language mean: float64 in NumPy and JAX, balls in Arb."""
