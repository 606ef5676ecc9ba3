"""Room tools. In: documents with names -> Out: an index that takes and drops single documents, and what is found in it.

tantivy does the work in words; `spaces` adds likeness beyond equal words, `fusing` joins the two.
"""
