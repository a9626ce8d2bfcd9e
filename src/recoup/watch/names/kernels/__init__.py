"""Compiled loops over texts as bytes. No objects of ours.

A column of n texts is `starts` i64[n + 1] and `data` u8[]: text i is data[starts[i] : starts[i + 1]], in UTF-8. Whoever calls
has looked that starts begin with 0, do not fall, and end within data.
"""
