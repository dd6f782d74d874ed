"""What the stock nacos-sdk-python 1.0.0 sees. Most of these cases wait, so they overlap."""

import time

import nacos
from nacos.listener import SubscribeListener

from cluster import eventually
from runner import overlapping

log_folder = None  # set by run.py; the client insists on writing a log


def client(cluster, first=0, namespace=None):
    """A client that knows all three nodes and begins with one of them."""
    made = nacos.NacosClient(cluster.servers(first), namespace=namespace, logDir=log_folder)
    made.default_timeout = 3
    return made


def timers(interval, timeout, delete):
    """The metadata by which an instance brings its own timers, in milliseconds."""
    return {
        "preserved.heart.beat.interval": str(interval),
        "preserved.heart.beat.timeout": str(timeout),
        "preserved.ip.delete.timeout": str(delete),
    }


def listed(some_client, service, **more):
    return {host["port"]: host for host in some_client.list_naming_instance(service, **more)["hosts"]}


@overlapping
def a_client_registers_and_another_finds_it_on_another_node(cluster):
    provider, consumer = client(cluster, 0), client(cluster, 1)
    service = "sdk-basic"
    assert provider.add_naming_instance(service, "10.0.0.2", 1, weight=2, metadata={"v": "1"})
    host = eventually(lambda: listed(consumer, service).get(1))
    assert host["ip"] == "10.0.0.2" and host["weight"] == 2.0 and host["metadata"] == {"v": "1"}, host
    detail = consumer.get_naming_instance(service, "10.0.0.2", 1)
    assert detail["ip"] == "10.0.0.2" and detail["healthy"] is True, detail
    assert provider.modify_naming_instance(service, "10.0.0.2", 1, metadata={"v": "2"})
    eventually(lambda: listed(consumer, service)[1]["metadata"] == {"v": "2"})
    assert provider.remove_naming_instance(service, "10.0.0.2", 1)
    eventually(lambda: listed(consumer, service) == {})


@overlapping
def a_client_uses_groups_clusters_and_namespaces(cluster):
    provider, consumer = client(cluster, 2, "space"), client(cluster, 0, "space")
    service = "sdk-group"
    assert provider.add_naming_instance(service, "10.0.0.2", 1, cluster_name="c", group_name="G")
    host = eventually(lambda: listed(consumer, service, clusters="c", group_name="G").get(1))
    assert host["clusterName"] == "c" and host["instanceId"] == "10.0.0.2#1#c#G@@sdk-group", host
    assert listed(consumer, service, clusters="d", group_name="G") == {}
    assert listed(client(cluster), service, group_name="G") == {}
    assert provider.remove_naming_instance(service, "10.0.0.2", 1, cluster_name="c", group_name="G")
    eventually(lambda: listed(consumer, service, group_name="G") == {})


def follow(cluster, service, port, start, seconds):
    """Watches one instance: how long after `start` it was first seen unhealthy, and gone.

    `start` is a moment before its registration, so neither can be too early.
    """
    unhealthy = gone = None
    watcher = client(cluster, 1)
    while (elapsed := time.monotonic() - start) < seconds:
        host = listed(watcher, service).get(port)
        if host is None:
            gone = elapsed
            break
        if not host["healthy"] and unhealthy is None:
            unhealthy = elapsed
        time.sleep(0.2)
    return unhealthy, gone


@overlapping
def beats_keep_an_instance_alive_past_its_timeouts(cluster):
    provider, service, start = client(cluster), "sdk-beating", time.monotonic()
    assert provider.add_naming_instance(service, "10.0.0.2", 1, heartbeat_interval=5)
    unhealthy, gone = follow(cluster, service, 1, start, 40)
    provider.remove_naming_instance(service, "10.0.0.2", 1)
    assert unhealthy is None and gone is None, (unhealthy, gone)


@overlapping
def without_beats_an_instance_is_unhealthy_after_15_s_and_gone_after_30_s(cluster):
    provider, service, start = client(cluster), "sdk-silent", time.monotonic()
    assert provider.add_naming_instance(service, "10.0.0.2", 1)
    unhealthy, gone = follow(cluster, service, 1, start, 45)
    assert unhealthy is not None and 15 <= unhealthy <= 20, (unhealthy, gone)
    assert gone is not None and 30 <= gone <= 35, (unhealthy, gone)
    return f"unhealthy after {unhealthy:.1f} s, gone after {gone:.1f} s"


@overlapping
def a_persistent_instance_needs_no_beats(cluster):
    provider, service, start = client(cluster), "sdk-persistent", time.monotonic()
    assert provider.add_naming_instance(service, "10.0.0.2", 1, ephemeral=False)
    unhealthy, gone = follow(cluster, service, 1, start, 36)
    assert unhealthy is None and gone is None, (unhealthy, gone)
    assert listed(provider, service)[1]["ephemeral"] is False
    assert provider.remove_naming_instance(service, "10.0.0.2", 1, ephemeral=False)
    eventually(lambda: listed(provider, service) == {})


@overlapping
def an_instance_may_bring_its_own_timers(cluster):
    provider, service, start = client(cluster), "sdk-timers", time.monotonic()
    own = timers(1000, 3000, 6000)
    assert provider.add_naming_instance(service, "10.0.0.2", 1, metadata=own)
    assert provider.add_naming_instance(service, "10.0.0.2", 2, metadata=own, heartbeat_interval=1)
    unhealthy, gone = follow(cluster, service, 1, start, 15)
    assert unhealthy is not None and 3 <= unhealthy <= 5.5, (unhealthy, gone)
    assert gone is not None and 6 <= gone <= 9, (unhealthy, gone)
    beating = listed(provider, service)
    assert beating[2]["healthy"], beating
    provider.remove_naming_instance(service, "10.0.0.2", 2)
    return f"unhealthy after {unhealthy:.1f} s, gone after {gone:.1f} s"


@overlapping
def a_beat_makes_a_silent_instance_healthy_again(cluster):
    provider, service = client(cluster), "sdk-revived"
    own = timers(1000, 2000, 60000)
    assert provider.add_naming_instance(service, "10.0.0.2", 1, metadata=own)
    eventually(lambda: not listed(provider, service)[1]["healthy"], within=6)
    assert listed(provider, service, healthy_only=True) == {}
    provider.send_heartbeat(service, "10.0.0.2", 1, metadata=own)
    eventually(lambda: listed(provider, service, healthy_only=True).get(1), within=2)


@overlapping
def a_beat_registers_an_unknown_instance(cluster):
    provider, service = client(cluster, 2), "sdk-unknown"
    answer = provider.send_heartbeat(service, "10.0.0.2", 1, metadata={"v": "1"})
    assert answer["code"] == 10200, answer
    host = eventually(lambda: listed(client(cluster, 1), service).get(1))
    assert host["healthy"] and host["metadata"] == {"v": "1"}, host


@overlapping
def a_subscriber_hears_of_changes(cluster):
    provider, consumer, service = client(cluster), client(cluster, 2), "sdk-subscribed"
    heard = []

    def listener(event, instance):
        heard.append((event, instance.instance["port"]))

    assert provider.add_naming_instance(service, "10.0.0.2", 1)
    eventually(lambda: 1 in listed(consumer, service))
    subscription = SubscribeListener(fn=listener, listener_name="e2e")
    consumer.subscribe(subscription, 1, service)
    time.sleep(1.5)
    assert provider.add_naming_instance(service, "10.0.0.2", 2)
    eventually(lambda: ("ADDED", 2) in heard, within=5, what=f"ADDED in {heard}")
    assert provider.remove_naming_instance(service, "10.0.0.2", 2)
    eventually(lambda: ("DELETED", 2) in heard, within=5, what=f"DELETED in {heard}")
    consumer.stop_subscribe()


CASES = [
    a_client_registers_and_another_finds_it_on_another_node,
    a_client_uses_groups_clusters_and_namespaces,
    beats_keep_an_instance_alive_past_its_timeouts,
    without_beats_an_instance_is_unhealthy_after_15_s_and_gone_after_30_s,
    a_persistent_instance_needs_no_beats,
    an_instance_may_bring_its_own_timers,
    a_beat_makes_a_silent_instance_healthy_again,
    a_beat_registers_an_unknown_instance,
    a_subscriber_hears_of_changes,
]
