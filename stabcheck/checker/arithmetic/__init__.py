"""Balls, signs of polynomials, definiteness: what the kernel's judgements stand on."""
