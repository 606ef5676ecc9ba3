"""The words of the house: records, Case, Contract, findings, ports, errors. Standard library only."""
