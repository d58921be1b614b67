"""What theorem `attention-pencil` needs, in balls."""
