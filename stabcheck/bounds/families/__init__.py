"""Constants of fields that are known by caps on their weights, before a weight exists.

Each theorem is a formula in the caps; its value is rounded outward to a rational that
the checker's rule accepts.
"""

from stabcheck.bounds.families.constant import Constant, constant

__all__ = ["Constant", "constant"]
