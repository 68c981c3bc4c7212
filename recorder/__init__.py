"""The record: the schema of what can be seen and known, the session file, readers and exports."""
