"""Rows of text become records, each row accounted for."""
