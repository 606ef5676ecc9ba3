"""Pure functions that rooms and tasks share. Arrays and tables in, arrays and tables out."""
