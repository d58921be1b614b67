"""What does the checker do with a certificate that claims a little too much?

Every claim is re-derived from the weights.  Here one bound is lowered to 1 % below the
value that the certificate itself shows to be attained.
"""

import dataclasses
from fractions import Fraction

import numpy as np

import stabcheck as sc

rng = np.random.default_rng(2)
weights = {name: rng.standard_normal((4, 4)) / 2 for name in ("W_Q", "W_K", "W_V")}
layer = sc.Layer(sc.fields.attention(output=False), weights)
certificate = sc.certify(layer, domain=sc.Point(rng.standard_normal((3, 4))))

claims = list(certificate.claims)
place = next(k for k, c in enumerate(claims) if c.quantity == "spectral-norm")
claim = claims[place]
print(f"claim {place}: the norm of the Jacobian is at most {float(claim.bound):.6f}")

claims[place] = dataclasses.replace(claim, bound=claim.bound * Fraction(99, 100))
verdict = sc.check(dataclasses.replace(certificate, claims=tuple(claims)))
for index, theorem, reason in verdict.reasons:
    print(f"{verdict.status}: claim {index} ({theorem}): {reason}")
assert not verdict.accepted
