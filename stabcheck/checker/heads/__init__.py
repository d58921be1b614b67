"""What one attention head can do on a ball or in a tube."""
