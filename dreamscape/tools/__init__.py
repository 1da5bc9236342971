"""Git, processes, locks and files, without policy."""
