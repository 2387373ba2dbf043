"""Pages of domains, and the buttons on them."""
