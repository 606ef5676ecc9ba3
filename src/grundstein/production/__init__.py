"""Release, answering, watching, evaluating again. Signed models in, answers and observations out."""
