"""Requests to several services at once, with a state folder, all come to an end."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from localaws import process
from tests.local.single_attempt import client_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROUNDS = 60
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


def test_services_that_save_at_the_same_time_do_not_wait_for_each_other(tmp_path: Path) -> None:
    """Four services create and save side by side: no two of their locks can cross."""
    with process.start(state=tmp_path / "state") as server:
        client = partial(client_of, server, read_timeout=20)
        s3, iam, ssm, logs = (client(service) for service in ("s3", "iam", "ssm", "logs"))
        makers: tuple[Callable[[int], Any], ...] = (
            lambda n: s3.create_bucket(Bucket=f"bucket-{n}"),
            lambda n: iam.create_role(RoleName=f"role-{n}", AssumeRolePolicyDocument=TRUST),
            lambda n: ssm.put_parameter(Name=f"/p/{n}", Value="v", Type="String"),
            lambda n: logs.create_log_group(logGroupName=f"group-{n}"),
        )

        def make_all(make: Callable[[int], Any]) -> int:
            return len([make(n) for n in range(ROUNDS)])

        with ThreadPoolExecutor(len(makers)) as threads:
            assert list(threads.map(make_all, makers)) == [ROUNDS] * len(makers)
