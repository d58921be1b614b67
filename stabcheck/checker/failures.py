"""The three ways in which a certificate is not accepted."""

from __future__ import annotations


class Malformed(Exception):
    """The file is not a certificate: what was found where, and what to do."""


class ClaimRejected(Exception):
    """A claim is refuted, or one of its hypotheses does not hold."""


class ClaimUndecided(Exception):
    """A ball straddles the claimed bound: raise the precision."""
