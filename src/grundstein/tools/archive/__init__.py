"""Room tools. In: the documents of an archive -> Out: groups, trends, near-duplicates, keywords, what texts name."""
