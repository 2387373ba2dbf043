"""Every page in a real Chromium, as the real server gives it: light and dark, wide and narrow."""
