"""Methods of one step and one field: tableaus, stability functions, their facts."""
