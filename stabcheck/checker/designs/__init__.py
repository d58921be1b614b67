"""What the rules about designs share."""
