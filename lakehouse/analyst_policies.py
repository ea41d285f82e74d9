"""What an analyst may do, as plain data: query the chosen tables, and see nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakehouse.naming import BRONZE, RESULTS, Names
from lakehouse.policies import ANALYST_RESULTS
from lakehouse.statements import Document, allow, document, query_in

if TYPE_CHECKING:
    from collections.abc import Sequence


def analyst_policy(names: Names, tables: Sequence[str]) -> Document:
    """An analyst: the analysts' workgroup, the chosen tables, and the results of its queries.

    Athena reads with the rights of whoever asks, so the tables are named twice: in the catalog and
    in S3.
    """
    folders = sorted(f"{table}/*" for table in tables)
    return document(
        [
            allow(
                "ReadTables", ["s3:GetObject"], [names.bucket_arn(BRONZE, path) for path in folders]
            ),
            allow(
                "ListTables",
                ["s3:ListBucket"],
                [names.bucket_arn(BRONZE)],
                {"StringLike": {"s3:prefix": folders}},
            ),
            allow(
                "Results",
                [
                    "s3:AbortMultipartUpload",
                    "s3:GetObject",
                    "s3:ListMultipartUploadParts",
                    "s3:PutObject",
                ],
                [names.bucket_arn(RESULTS, f"{ANALYST_RESULTS}*")],
            ),
            allow(
                "ListResults",
                ["s3:ListBucket"],
                [names.bucket_arn(RESULTS)],
                {"StringLike": {"s3:prefix": [f"{ANALYST_RESULTS}*"]}},
            ),
            # Athena writes big results in parts; the action knows no prefix, and tells names alone.
            allow("ListUploads", ["s3:ListBucketMultipartUploads"], [names.bucket_arn(RESULTS)]),
            # Athena asks both where they are before it reads or writes.
            allow(
                "LocateBuckets",
                ["s3:GetBucketLocation"],
                [names.bucket_arn(BRONZE), names.bucket_arn(RESULTS)],
            ),
            allow(
                "ReadCatalog",
                [
                    "glue:GetDatabase",
                    "glue:GetPartition",
                    "glue:GetPartitions",
                    "glue:GetTable",
                    "glue:GetTables",
                ],
                [
                    names.arn("glue", "catalog"),
                    names.arn("glue", f"database/{names.database}"),
                    *(names.arn("glue", f"table/{names.database}/{table}") for table in tables),
                ],
            ),
            *query_in(names, names.analyst_workgroup),
        ]
    )
