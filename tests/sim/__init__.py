"""A centre and its banks in virtual time: one seed decides everything."""
