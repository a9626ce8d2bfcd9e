"""A country to practise on: with ground truth, launderers that fight back, and the figures that matter.

`scenario` says what a country is like and `country` makes one of a seed: people, accounts, payments to come, frauds.
`play` runs it in virtual time; `laundering` are the criminals, `policies` what stops them: the real centre, the real
agents, the real watch. `limits` bound each case by itself, `figures` counts against the truth, `report` shows it. Whoever
stops money never sees the truth.
"""
