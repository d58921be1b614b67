"""Is this identically zero?  Normal forms, counterexamples, and free proofs."""
