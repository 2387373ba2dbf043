"""Bulk changes: one act on many mailboxes, done by the worker row by row, and undone for a day."""
