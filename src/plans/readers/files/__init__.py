"""Files as text: which there are, encodings, separators, workbooks, XML in pieces."""
