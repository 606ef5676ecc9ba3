"""One file (or one small folder) a task; nothing else knows tasks by name."""
