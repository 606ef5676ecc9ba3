"""Room tasks. In: events -> Out: ranked items a user."""
