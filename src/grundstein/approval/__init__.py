"""Reports and what a person signs. Records in, pages out."""
