"""Designs: what holds for every weight within caps, before a weight exists."""
