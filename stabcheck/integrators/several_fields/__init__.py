"""Methods that treat several fields, or a linear part, each in its own way."""
