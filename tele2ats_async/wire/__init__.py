"""What the contract means, without any I/O: operations, queries, JSON, errors, redirects."""
