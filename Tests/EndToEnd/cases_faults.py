"""Nodes die, freeze and come back under clients that go on working.

The cases run one after the other on one cluster, with the same traffic from the first to the last.
"""

import os
import signal
import time

from cluster import eventually
from traffic import BEATING, WRITTEN, Traffic

_traffic = {}


def traffic(cluster):
    """The traffic of this cluster, begun when first asked for."""
    if cluster not in _traffic:
        _traffic[cluster] = Traffic(cluster)
        _traffic[cluster].start()
        eventually(lambda: len(_traffic[cluster].acknowledged) > 20, what="the first writes")
    return _traffic[cluster]


def caught_up(cluster, node):
    """Waits until a node has applied what the leader had committed when this was asked."""
    target = cluster.leader().status()["commitIndex"]
    eventually(lambda: node.status()["appliedIndex"] >= target, 15, what="catching up")


def missed_beats(leader, follower):
    """How often the leader's heartbeats to a peer had no answer, by the leader's metrics."""
    text = leader.request("GET", "/metrics").text
    for line in text.splitlines():
        if 'name="leaderSendBeatFailed"' in line and f'peer="{follower.name}"' in line:
            return float(line.rsplit(" ", 1)[1])
    return None


def a_killed_leader_costs_nothing_acknowledged(cluster):
    clients = traffic(cluster)
    leader = cluster.leader()
    time.sleep(1)
    moment = time.monotonic()
    leader.kill()
    time.sleep(5)
    gap = clients.gap_after(moment)
    survivors = [node for node in cluster.nodes if node is not leader]
    eventually(lambda: clients.check(survivors) is None, 3)
    assert gap < 2, f"no write for {gap:.2f} s"
    _traffic["dead"] = leader
    return f"no write was acknowledged for {gap:.2f} s"


def a_killed_node_comes_back_and_catches_up(cluster):
    clients = traffic(cluster)
    node = _traffic.pop("dead", None) or cluster.followers()[0]
    if node.is_running():
        node.kill()
    node.start()
    cluster.wait_until_ready()
    caught_up(cluster, node)
    eventually(lambda: clients.check([node]) is None, 5)


def a_killed_follower_is_hardly_noticed(cluster):
    clients = traffic(cluster)
    leader, follower = cluster.leader(), cluster.followers()[0]
    before = missed_beats(leader, follower)
    assert before is not None, "the metrics do not name the follower"
    moment = time.monotonic()
    follower.kill()
    time.sleep(3)
    assert missed_beats(leader, follower) > before, "the metrics do not show the dead follower"
    gap = clients.gap_after(moment)
    others = [node for node in cluster.nodes if node is not follower]
    eventually(lambda: clients.check(others) is None, 3)
    assert gap < 2, f"no write for {gap:.2f} s"
    follower.start()
    cluster.wait_until_ready()
    caught_up(cluster, follower)
    eventually(lambda: clients.check(cluster.nodes) is None, 5)
    return f"no write was acknowledged for {gap:.2f} s"


def a_leader_that_freezes_is_replaced_and_expires_nobody_afterwards(cluster):
    clients = traffic(cluster)
    leader = cluster.leader()
    old_term = leader.status()["term"]
    moment = time.monotonic()
    leader.signal(signal.SIGSTOP)
    try:
        time.sleep(12)  # longer than the delete timeout of the beating instances
        gap = clients.gap_after(moment)
        others = [node for node in cluster.nodes if node is not leader]
        statuses = [node.status() for node in others]
        assert any(status["role"] == "leader" for status in statuses), statuses
        assert all(status["term"] > old_term for status in statuses), statuses
    finally:
        leader.signal(signal.SIGCONT)
    cluster.wait_until_ready()
    caught_up(cluster, leader)
    time.sleep(1)
    eventually(lambda: clients.check(cluster.nodes) is None, 5)
    return f"no write was acknowledged for {gap:.2f} s"


def a_freeze_of_all_nodes_expires_nobody(cluster):
    clients = traffic(cluster)
    for node in cluster.nodes:
        node.signal(signal.SIGSTOP)
    time.sleep(12)
    for node in cluster.nodes:
        node.signal(signal.SIGCONT)
    moment = time.monotonic()
    cluster.wait_until_ready()
    time.sleep(3)
    clients.gap_after(moment)
    eventually(lambda: clients.check(cluster.nodes) is None, 5)


def without_a_quorum_writes_are_refused_and_time_stands_still(cluster):
    clients = traffic(cluster)
    followers = cluster.followers()
    (lonely,) = [node for node in cluster.nodes if node not in followers]
    for node in followers:
        node.kill()
    time.sleep(4)  # the leader notices that nobody hears it
    form = {"serviceName": "refused", "ip": "10.0.0.5", "port": 1}
    answer = lonely.request("POST", "/nacos/v1/ns/instance", form=form, timeout=10)
    assert answer.status == 503, answer
    assert lonely.status()["role"] != "leader", lonely.status()
    time.sleep(8)  # all in all longer than the delete timeout of the beating instances
    for node in followers:
        node.start()
    cluster.wait_until_ready()
    time.sleep(3)
    eventually(lambda: clients.check(cluster.nodes) is None, 5)


def a_restart_of_all_nodes_loses_nothing(cluster):
    clients = traffic(cluster)
    for node in cluster.nodes:
        node.kill()
    time.sleep(1)
    for node in cluster.nodes:
        node.start()
    cluster.wait_until_ready()
    time.sleep(3)
    eventually(lambda: clients.check(cluster.nodes) is None, 5)


def an_orderly_restart_of_all_nodes_shows_the_same_list(cluster):
    clients = traffic(cluster)
    clients.stop()
    clients.check(cluster.nodes)

    def everything(node):
        return {service: node.hosts(service) for service in (WRITTEN, BEATING)}

    before = everything(cluster.leader())
    for node in cluster.nodes:
        status = node.terminate()
        assert status == 0, f"node {node.name} ended with status {status}"
    for node in cluster.nodes:
        node.start()
    cluster.wait_until_ready()
    # The clock of the registry stood still meanwhile: what was listed is listed, word for word.
    for node in cluster.nodes:
        eventually(lambda: set(everything(node)[WRITTEN]) == set(before[WRITTEN]))
        assert os.listdir(os.path.join(node.data, "snapshots")), f"node {node.name} has no snapshot"
    after = everything(cluster.nodes[0])
    assert after[WRITTEN] == before[WRITTEN]
    assert set(after[BEATING]) == set(before[BEATING]), (before[BEATING], after[BEATING])
    return f"{len(before[WRITTEN])} instances, {clients.looks} looks at the beating ones"


CASES = [
    a_killed_leader_costs_nothing_acknowledged,
    a_killed_node_comes_back_and_catches_up,
    a_killed_follower_is_hardly_noticed,
    a_leader_that_freezes_is_replaced_and_expires_nobody_afterwards,
    a_freeze_of_all_nodes_expires_nobody,
    without_a_quorum_writes_are_refused_and_time_stands_still,
    a_restart_of_all_nodes_loses_nothing,
    an_orderly_restart_of_all_nodes_shows_the_same_list,
]
