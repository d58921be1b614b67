"""How much can one causal attention layer amplify a small change of its input?

A layer is one step of an integrator for an attention vector field.  Here the weights
are random; the certificate holds for every state within 0.01 of the given one.
"""

from fractions import Fraction

import numpy as np

import stabcheck as sc

rng = np.random.default_rng(1)
shapes = {"W_Q": (2, 8, 4), "W_K": (2, 8, 4), "W_V": (2, 8, 4), "W_O": (8, 8)}
weights = {name: rng.standard_normal(s) / np.sqrt(8) for name, s in shapes.items()}
state = rng.standard_normal((5, 8))  # five tokens of eight features

layer = sc.Layer(
    sc.fields.attention(heads=2, causal=True), weights, "ssprk3", Fraction(1, 16)
)
certificate = sc.certify(layer, domain=sc.Tube(state, radius="0.01"))

# What the checker accepted: bounds of the Jacobian, then of steps, the largest last.
for claim in certificate.claims:
    if "step" in claim.subject:
        size = Fraction(*claim.subject["step"]["size"])
        print(f"h = {size}: {claim.quantity} {float(claim.bound):.4g}, {claim.theorem}")

# No trust needed: the checker re-derives every claim in a process of its own.
verdict = sc.check(certificate)
print(f"{verdict.status}, {verdict.claims} claims")
assert verdict.accepted
