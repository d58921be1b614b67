"""What a method determines, and where the stages of its steps stay."""
