"""Experiments, data checks and the judge. Snapshots in, findings and verdicts out."""
