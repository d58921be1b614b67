"""The rules about designs: families of weights through every depth."""
