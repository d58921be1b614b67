"""What is the Jacobian of causal multi-head attention, and how is it evaluated?

The field is declared once; its Jacobian is derived by SymPy and lowered to a kernel.
"""

import numpy as np

import stabcheck as sc

field = sc.fields.attention(heads=2, causal=True)
jacobian = field.jacobian()
print(jacobian.text())

rng = np.random.default_rng(3)
n, d, width = 4, 6, 3
shapes = {"W_Q": (2, d, width), "W_K": (2, d, width), "W_V": (2, d, width)}
weights = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
weights["W_O"] = rng.standard_normal((2 * width, d))
state = rng.standard_normal((n, d))

J = np.asarray(jacobian.lower("jax")(state, **weights))
print("shape", J.shape)

# The derivative along a direction, by central differences of the field itself.
evaluate = field.lower("numpy")
direction = rng.standard_normal((n, d))
ends = [evaluate(state + s * 1e-6 * direction, **weights) for s in (1, -1)]
difference = (ends[0] - ends[1]) / 2e-6
error = np.abs(np.einsum("iajb,jb->ia", J, direction) - difference).max()
print(f"against central differences: {error:.0e}")
assert error < 1e-6

# A causal Jacobian is block lower triangular, exactly.
assert not J.transpose(0, 2, 1, 3)[np.triu_indices(n, 1)].any()
