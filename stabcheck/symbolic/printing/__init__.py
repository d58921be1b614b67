"""Readable output: a derived Jacobian as a paper would print it, in LaTeX and text."""
