"""Room tasks. In: one table -> Out: two classes, many classes or a number, each row one unit."""
