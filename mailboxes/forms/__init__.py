"""Forms of mailboxes, aliases and self-service: one module for each noun."""
