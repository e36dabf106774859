"""Files as text: which there are, encodings, separators, workbooks, XML in pieces.

Others use ``cell_text``, ``sheets``, ``source_files``, ``workbook``, ``xml_bytes``.
"""
