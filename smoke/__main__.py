"""`make smoke-aws`: refuses unless it is meant, says what it costs, checks, and cleans up."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import time
from typing import TYPE_CHECKING

from lakehouse.account import Account
from lakehouse.naming import Names
from pipeline.aws import Aws
from pipeline.explain import explain
from pipeline.interrupts import Interrupts
from pipeline.progress import PlainDisplay
from smoke.checks import CHECKS
from smoke.deployment import PREFIX, EngineDeployment, settings
from smoke.guard import COST, refuse_other_account, refuse_unless_meant
from smoke.harness import Report, smoke
from smoke.run import begin
from smoke.subject import client_of

if TYPE_CHECKING:
    from smoke.deployment import Deployment


def main(arguments: list[str] | None = None) -> int:
    """Make the checks; 0 when nothing is wrong and nothing is left, 1 or 2 as `lakehouse`."""
    parser = argparse.ArgumentParser(prog="python -m smoke", description=__doc__)
    parser.add_argument("--destroy", metavar="STACK", help="only destroy a stack that was left")
    chosen = parser.parse_args(arguments)
    try:
        account = refuse_unless_meant(os.environ)
        aws = Aws.on_account()
        refuse_other_account(aws, account)
        if chosen.destroy:
            return _destroy_left(chosen.destroy)
        return _check(aws, account)
    except KeyboardInterrupt:
        _say("Interrupted; nothing had been made yet.")
        return 130
    except Exception as error:  # noqa: BLE001 - every failure is a sentence, as of `lakehouse`
        problem = explain(error)
        _say(f"smoke-aws: {problem.message}")
        return problem.exit_code


def _check(aws: Aws, account: str) -> int:
    region = aws.session.region_name
    interrupts = Interrupts(_say)
    deployment = EngineDeployment(
        f"smoke-{secrets.token_hex(3)}", PlainDisplay(sys.stderr), interrupts=interrupts
    )
    _say(COST.format(account=account, region=region))
    deployment.prepare(settings(account, region))
    partition = client_of(aws, "sts").meta.partition
    names = Names(PREFIX, deployment.name, Account(account, partition, region))
    with interrupts.taken():
        report = smoke(
            deployment,
            CHECKS,
            lambda: begin(aws, names, deployment),
            interrupts=interrupts,
            say=_say,
            sleep=time.sleep,
        )
    _tell(report, deployment)
    return 0 if report.good else 1


def _destroy_left(name: str) -> int:
    try:
        EngineDeployment(name, PlainDisplay(sys.stderr)).destroy()
    except KeyboardInterrupt:
        _say(f"Interrupted. To go on: make smoke-aws DESTROY={name}")
        return 130
    _say(f"The stack {name} is gone.")
    return 0


def _tell(report: Report, deployment: Deployment) -> None:
    _say(report.summary())
    if not report.destroy_failure:
        _say(f"The stack {deployment.name} is gone; its key waits 30 days for its deletion.")
        return
    _say(f"The stack {deployment.name} could NOT be destroyed: {report.destroy_failure}")
    for one in report.left:
        _say(f"  left: {one}")
    _say(f"It goes on costing money. Try again: make smoke-aws DESTROY={deployment.name}")


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
