"""The private network: that a run gets through it, and what it leaves there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smoke.check import CannotCheckError, WrongError, check

if TYPE_CHECKING:
    from smoke.subject import Subject


def _network(subject: Subject) -> dict[str, Any]:
    found: dict[str, Any] | None = subject.outputs["network"]
    if found is None:
        raise CannotCheckError("the stack has no network of its own")
    return found


@check
def private_run(subject: Subject) -> str:
    """Endpoint policies and a network without NAT let a run start, and reach all it needs."""
    network = _network(subject)
    subject.need_run()
    job = subject.client("glue").get_job(JobName=subject.outputs["job_name"])["Job"]
    if job.get("Connections", {}).get("Connections") != network["connections"]:
        raise WrongError("the job does not run in the network")
    subject.need_aws("a job there runs on the machine, not in the network")
    return "the run started, worked and ended inside the VPC"


@check
def interfaces_go(subject: Subject) -> str:
    """Job and crawler may delete network interfaces by the condition `ec2:Subnet`."""
    network = _network(subject)
    subject.need_run()
    subject.need_aws("it makes no interfaces for a run")
    inside = [{"Name": "subnet-id", "Values": network["subnet_ids"]}]

    def left() -> bool | None:
        found = subject.client("ec2").describe_network_interfaces(Filters=inside)
        kinds = {one["InterfaceType"] for one in found["NetworkInterfaces"]}
        return True if kinds <= {"vpc_endpoint"} else None

    subject.until(left, "end of the network interfaces that the run made")
    return "no interface is left but those of the endpoints"


@check
def flow_logs(subject: Subject) -> str:
    """Flow logs arrive in their encrypted log group."""
    _network(subject)
    subject.need_run()
    subject.need_aws("it has no traffic")
    group = subject.names.flow_log_group

    def streams() -> list[Any] | None:
        found = subject.client("logs").describe_log_streams(logGroupName=group, limit=5)
        return found["logStreams"] or None

    return f"{len(subject.until(streams, f'stream in {group}'))} streams or more"


CHECKS = (private_run, interfaces_go, flow_logs)
