"""From a field to a kernel: contraction order, named sums, and the tree walk."""
