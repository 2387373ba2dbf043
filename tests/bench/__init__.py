"""Benchmarks: started by hand, never by pytest (docs/testing.md). Each states ratios within its own run."""
