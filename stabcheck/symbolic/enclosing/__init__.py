"""The form of a field whose evaluation over a box stays narrow."""
