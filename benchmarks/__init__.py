"""Benchmarks: what the lakehouse costs in time, measured on one machine side by side."""

from __future__ import annotations
