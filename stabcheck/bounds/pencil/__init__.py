"""Small boxes, tubes and Frobenius balls: the first order whole, the rest in pairs."""

from stabcheck.bounds.pencil.domain import PencilDomain
from stabcheck.bounds.pencil.search import MOST_ROWS, attention_pencil, pencil_on

__all__ = ["MOST_ROWS", "PencilDomain", "attention_pencil", "pencil_on"]
