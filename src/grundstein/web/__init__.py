"""Two ASGI apps: for people, and the lean one that only answers."""
