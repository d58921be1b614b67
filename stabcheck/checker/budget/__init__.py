"""What the theorems of shared moves, `attention-norm-budget` and its log norm, need."""
