"""From bytes to records: everything in a file is checked before it is used."""
