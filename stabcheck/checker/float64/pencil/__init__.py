"""Theorem `attention-pencil` in floating point."""
