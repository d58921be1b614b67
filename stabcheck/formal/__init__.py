"""Small claims of a certificate as theorems that Coq's kernel checks.

It stands outside the wall: it imports the checker, which decides each claim first, and
nothing of the prover.
"""

from stabcheck.formal.claims import Export as Export
from stabcheck.formal.claims import export as export
