"""Exact numbers and what decides with them: roots, signs, thresholds, number fields."""
