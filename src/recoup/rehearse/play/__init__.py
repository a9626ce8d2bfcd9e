"""A country in virtual time: payments, launderers and a policy, one instant after the other; the books balance at each."""
