"""Room flow. In: a record -> Out: the next record; the steps on one page."""
