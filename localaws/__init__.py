"""AWS on a laptop: S3, Glue jobs, Delta crawlers and Athena that really run."""

from __future__ import annotations
