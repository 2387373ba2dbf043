"""One installation on one machine: its state folder, its parts, and the one process that holds them.

Nothing here imports Django, for the state folder must be there before Django's settings can be read.
"""
