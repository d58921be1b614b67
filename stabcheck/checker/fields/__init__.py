"""The fields enclosed: values, derivatives, and the trajectory through a stack."""
