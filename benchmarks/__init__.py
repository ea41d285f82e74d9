"""Benchmarks: what the lakehouse costs in time, measured on one machine side by side."""
