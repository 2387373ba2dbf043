"""The example that `deploy/up --demo` shows: an installation as it looks after a few years."""
