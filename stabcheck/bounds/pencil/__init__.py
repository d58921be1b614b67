"""Small boxes, tubes and Frobenius balls: the first order whole, the rest in pairs."""

from stabcheck.bounds.pencil.search import MOST_ROWS, attention_pencil

__all__ = ["MOST_ROWS", "attention_pencil"]
