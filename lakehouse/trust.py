"""Who may take a role: trust policies as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakehouse.statements import Document, document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakehouse.naming import Names


def glue_trust(names: Names) -> Document:
    """Only Glue, and only on behalf of this account (the confused deputy, CKV_AWS_60)."""
    return document(
        [
            {
                "Sid": "GlueOfThisAccount",
                "Effect": "Allow",
                "Principal": {"Service": "glue.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"aws:SourceAccount": names.account.id}},
            }
        ]
    )


def named_trust(sid: str, principals: Sequence[str]) -> Document:
    """Only the people and machines whose ARNs the stack's settings list."""
    return document(
        [
            {
                "Sid": sid,
                "Effect": "Allow",
                "Principal": {"AWS": sorted(principals)},
                "Action": "sts:AssumeRole",
            }
        ]
    )
