"""The only room that knows drivers: table store, ledger, files."""
