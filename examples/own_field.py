"""How do I add a field of my own, and how do I know that its Jacobian is right?

Declared in ten lines: attention whose temperature every token sets for itself.
"""

import stabcheck as sc
from stabcheck.fields.notation import X, a, c, i, k, l
from stabcheck.symbolic import Declaration, Softmax, Tensor, total
from stabcheck.symbolic.functions import sigmoid


def tempered_attention():
    W, u = Tensor("W", (a, c)), Tensor("u", (c,))
    F = Declaration("tempered-attention", X, (W, u))
    t = F.let("t", (i,), sigmoid(total(u[c] * X[i, c], c)))
    logits = t[i] * total(X[i, a] * W[a, c] * X[l, c], a, c)
    P = F.let("P", (i, k), Softmax(k, l, logits))
    return F.returns((i, a), total(P[i, k] * (X[k, a] - X[i, a]), k))


field = tempered_attention()
print(field.jacobian().text())
print()

examination = sc.examine(field)
print(examination)
assert examination.passed

# A declaration with a mistake is refused where it is written.
F = Declaration("wrong", X)
try:
    F.let("mean", (i,), X[i, c])
except sc.InvalidInput as error:
    print()
    print(error)
