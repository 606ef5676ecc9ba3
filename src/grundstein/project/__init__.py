"""Opens a folder: YAML to core dataclasses, settings, wiring."""
