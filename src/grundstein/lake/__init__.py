"""Governed tables: ingest, contract checks, snapshots, looking. Files in, batches and tables out."""
