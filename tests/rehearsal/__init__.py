"""Tests of the country to practise on."""
