"""What people do to mailboxes, aliases, forwarding and rights to send: one module for each noun."""
