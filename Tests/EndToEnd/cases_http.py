"""What any HTTP client sees: the Nacos API v1, the operator's pages, and bad input."""

import json
import os
import random
import socket
import ssl
import subprocess

import web
from cluster import eventually

INSTANCE = "/nacos/v1/ns/instance"
SERVICE = "/nacos/v1/ns/service"


def expect(answer, status, text=None):
    assert answer.status == status, f"expected {status}, got {answer}"
    if text is not None:
        assert text in answer.text, f"expected {text!r} in {answer}"
    return answer


def register(node, service, port, **more):
    fields = {"serviceName": service, "ip": "10.0.0.1", "port": port, **more}
    answer = expect(node.request("POST", INSTANCE, form=fields), 200)
    assert answer.text == "ok", answer


def an_instance_registered_at_one_node_is_listed_by_all(cluster):
    register(cluster.nodes[0], "everywhere", 8080, weight="2.5", metadata='{"zone":"a"}')
    for node in cluster.nodes:
        host = eventually(lambda: node.hosts("everywhere").get(8080))
        assert host["ip"] == "10.0.0.1" and host["weight"] == 2.5, host
        assert host["healthy"] is True and host["valid"] is True and host["enabled"] is True, host
        assert host["ephemeral"] is True and host["clusterName"] == "DEFAULT", host
        assert host["metadata"] == {"zone": "a"}, host
        assert host["instanceId"] == "10.0.0.1#8080#DEFAULT#DEFAULT_GROUP@@everywhere", host
        assert host["serviceName"] in ("DEFAULT_GROUP@@everywhere", "everywhere"), host


def a_list_names_its_service_and_an_unknown_one_is_empty(cluster):
    parameters = {"serviceName": "nobody", "clusters": "c1"}
    answer = cluster.nodes[1].request("GET", INSTANCE + "/list", parameters)
    page = expect(answer, 200).json()
    assert page["hosts"] == [] and page["name"] == "DEFAULT_GROUP@@nobody", page
    assert page["clusters"] == "c1" and page["cacheMillis"] > 0, page
    assert "application/json" in answer.content_type, answer.content_type


def an_instance_is_shown_updated_patched_and_deregistered(cluster):
    first, second, third = cluster.nodes
    service = "changing"
    key = {"serviceName": service, "ip": "10.0.0.1", "port": 8081}
    register(first, service, 8081, metadata='{"a":"1"}')
    eventually(lambda: second.request("GET", INSTANCE, key).status == 200)
    detail = expect(second.request("GET", INSTANCE, key), 200).json()
    assert detail["service"] == "DEFAULT_GROUP@@changing" and detail["port"] == 8081, detail
    assert detail["metadata"] == {"a": "1"} and detail["weight"] == 1.0, detail

    expect(third.request("PUT", INSTANCE, {**key, "weight": "7", "metadata": '{"b":"2"}'}), 200, "ok")
    eventually(lambda: first.hosts(service)[8081]["weight"] == 7)
    assert first.hosts(service)[8081]["metadata"] == {"b": "2"}, first.hosts(service)

    expect(second.request("PATCH", INSTANCE, form={**key, "weight": "3"}), 200, "ok")
    eventually(lambda: third.hosts(service)[8081]["weight"] == 3)
    assert third.hosts(service)[8081]["metadata"] == {"b": "2"}, third.hosts(service)

    expect(first.request("DELETE", INSTANCE, form=key), 200, "ok")
    for node in cluster.nodes:
        eventually(lambda: node.hosts(service) == {})
        expect(node.request("GET", INSTANCE, key), 404)
    expect(second.request("DELETE", INSTANCE, key), 200, "ok")  # gone already is fine


def clusters_health_and_enabled_filter_a_list(cluster):
    node, service = cluster.nodes[0], "filtered"
    register(node, service, 1, clusterName="one")
    register(node, service, 2, clusterName="two")
    register(node, service, 3, clusterName="two", healthy="false")
    register(node, service, 4, clusterName="two", enabled="false")
    register(node, service, 5, clusterName="None")
    assert sorted(node.hosts(service)) == [1, 2, 3, 5], node.hosts(service)
    assert sorted(node.hosts(service, clusters="two")) == [2, 3], node.hosts(service)
    assert sorted(node.hosts(service, clusters="one,two", healthyOnly="True")) == [1, 2]
    assert node.hosts(service)[5]["clusterName"] == "DEFAULT", node.hosts(service)


def namespaces_and_groups_are_apart(cluster):
    node, service = cluster.nodes[2], "apart"
    register(node, service, 1, namespaceId="public")
    register(node, service, 2, namespaceId="other")
    register(node, service, 3, groupName="G")
    register(node, "G@@" + service, 4, groupName="ignored")
    assert sorted(node.hosts(service)) == [1] == sorted(node.hosts(service, namespaceId=""))
    assert sorted(node.hosts(service, namespaceId="other")) == [2]
    assert sorted(node.hosts(service, groupName="G")) == [3, 4]


def a_beat_answers_and_brings_back_an_unknown_instance(cluster):
    node, service = cluster.nodes[1], "beaten"
    light = {"serviceName": service, "ip": "10.0.0.1", "port": 8082}
    answer = expect(node.request("PUT", INSTANCE + "/beat", light), 200).json()
    assert answer["code"] == 20404 and isinstance(answer["clientBeatInterval"], int), answer
    beat = {"ip": "10.0.0.1", "port": 8082, "serviceName": "DEFAULT_GROUP@@" + service, "weight": 1.0}
    full = {"serviceName": service, "beat": json.dumps(beat)}
    answer = expect(node.request("PUT", INSTANCE + "/beat", full), 200).json()
    assert answer["code"] == 10200 and answer["clientBeatInterval"] == 5000, answer
    for other in cluster.nodes:
        eventually(lambda: other.hosts(service)[8082]["healthy"])
        answer = expect(other.request("PUT", INSTANCE + "/beat", light), 200).json()
        assert answer["code"] == 10200, answer
    raw = f"serviceName={service}&beat={json.dumps(beat)}"  # the Go client encodes nothing
    connection = web.http.client.HTTPConnection(node.http, timeout=5)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("PUT", INSTANCE + "/beat", body=raw, headers=headers)
    assert json.loads(connection.getresponse().read())["code"] == 10200
    connection.close()


def a_service_is_created_changed_listed_and_deleted(cluster):
    first, second, third = cluster.nodes
    form = {"serviceName": "made", "protectThreshold": "0.5", "metadata": '{"k":"v"}', "groupName": "S"}
    expect(first.request("POST", SERVICE, form=form), 200, "ok")
    expect(second.request("POST", SERVICE, form=form), 400, "specified service already exists")
    key = {"serviceName": "made", "groupName": "S"}
    eventually(lambda: third.request("GET", SERVICE, key).status == 200)
    detail = third.request("GET", SERVICE, key).json()
    assert detail["name"] == "made" and detail["groupName"] == "S", detail
    assert detail["protectThreshold"] == 0.5 and detail["metadata"] == {"k": "v"}, detail
    assert detail["selector"]["type"] == "none", detail
    expect(second.request("PUT", SERVICE, {**key, "protectThreshold": "0.25"}), 200, "ok")
    eventually(lambda: first.request("GET", SERVICE, key).json()["protectThreshold"] == 0.25)

    register(first, "S@@made", 1)
    expect(first.request("DELETE", SERVICE, key), 400)
    gone = {**key, "ip": "10.0.0.1", "port": 1}
    expect(first.request("DELETE", INSTANCE, gone), 200, "ok")
    expect(third.request("DELETE", SERVICE, key), 200, "ok")
    eventually(lambda: second.request("GET", SERVICE, key).status == 404)
    expect(second.request("GET", SERVICE, key), 404, "is not found!")


def the_service_list_has_pages(cluster):
    node = cluster.nodes[0]
    for name in ("c", "a", "b"):
        register(node, name, 1, groupName="pages")
    base = {"groupName": "pages"}
    path = SERVICE + "/list"
    first = expect(node.request("GET", path, {**base, "pageNo": 1, "pageSize": 2}), 200).json()
    second = expect(node.request("GET", path, {**base, "pageNo": 2, "pageSize": 2}), 200).json()
    past = expect(node.request("GET", path, {**base, "pageNo": 9, "pageSize": 2}), 200).json()
    assert first["count"] == second["count"] == 3, (first, second)
    assert sorted(first["doms"] + second["doms"]) == ["a", "b", "c"], (first, second)
    assert past["doms"] == [], past


def one_service_has_instances_of_one_kind(cluster):
    register(cluster.nodes[0], "kind", 1)
    form = {"serviceName": "kind", "ip": "10.0.0.1", "port": 2, "ephemeral": "false"}
    answer = cluster.nodes[1].request("POST", INSTANCE, form=form)
    expect(answer, 400, "ephemeral service, can't register persistent instance")


def operators_see_health_members_and_the_leader(cluster):
    leaders = set()
    for node in cluster.nodes:
        for prefix in ("operator", "ops"):
            answer = node.request("GET", f"/nacos/v1/ns/{prefix}/metrics", {"onlyStatus": "false"})
            assert expect(answer, 200).json()["status"] == "UP", answer
        servers = expect(node.request("GET", "/nacos/v1/ns/operator/servers"), 200).json()["servers"]
        assert len(servers) == 3, servers
        assert {server["address"] for server in servers} == {n.http for n in cluster.nodes}, servers
        peer = expect(node.request("GET", "/nacos/v1/ns/raft/leader"), 200).json()["leader"]
        leaders.add(json.loads(peer)["ip"])
        peers = expect(node.request("GET", "/nacos/v1/ns/raft/state"), 200).json()["peers"]
        assert len(peers) == 3, peers
        leading = [peer for peer in peers if peer["state"] == "LEADER"]
        assert len(leading) == 1 and leading[0]["term"] > 0, peers
    assert leaders == {cluster.leader().http}, leaders


def metrics_are_in_the_prometheus_format(cluster):
    leading = 0.0
    for node in cluster.nodes:
        for path in ("/nacos/actuator/prometheus", "/metrics"):
            text = expect(node.request("GET", path), 200).text
        samples = {}
        for line in text.splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                samples[name] = float(value)

        def gauge(name):
            found = [
                value for key, value in samples.items()
                if key.startswith("nacos_monitor{") and f'name="{name}"' in key
            ]
            assert len(found) == 1, (name, text)
            return found[0]

        leading += gauge("leaderStatus")
        assert gauge("serviceCount") > 0 and gauge("ipCount") > 0
        failures = [
            key for key in samples
            if key.startswith("nacos_exception_total{") and 'name="leaderSendBeatFailed"' in key
        ]
        assert len(failures) == 2, failures  # one for each peer
        assert any("_bucket{" in key for key in samples), "no histogram"
    assert leading == 1, leading


def a_login_gives_a_token_while_authentication_is_off(cluster):
    for path in ("/nacos/v1/auth/login", "/nacos/v1/auth/users/login"):
        answer = cluster.nodes[0].request("POST", path, {"username": "u"}, form={"password": "p"})
        login = expect(answer, 200).json()
        assert isinstance(login["accessToken"], str) and login["tokenTtl"] > 0, login


def bad_input_is_refused_by_name(cluster):
    node = cluster.leader()
    good = {"serviceName": "bad", "ip": "10.0.0.1", "port": "1"}
    cases = [
        ({"serviceName": ""}, "serviceName"),
        ({"ip": ""}, "ip"),
        ({"port": ""}, "port"),
        ({"port": "65536"}, "port"),
        ({"port": "-1"}, "port"),
        ({"port": "many"}, "port"),
        ({"weight": "10001"}, "instance format invalid: The weights range from 0.0 to 10000.0"),
        ({"weight": "nan"}, "weight"),
        ({"metadata": "{broken"}, "metadata format incorrect"),
        ({"metadata": json.dumps({"k": "v" * 5000})}, "metadata"),
        ({"enabled": "perhaps"}, "enable"),
        ({"serviceName": "a@@b@@c"}, ""),
        ({"namespaceId": "x" * 100}, "namespaceId"),
        ({"clusterName": "no blanks"}, "clusterName"),
        (
            {"metadata": '{"preserved.heart.beat.timeout":"1","preserved.heart.beat.interval":"5"}'},
            "Instance 'heart beat interval' must less than 'heart beat timeout' and 'ip delete timeout'.",
        ),
    ]
    for change, text in cases:
        answer = node.request("POST", INSTANCE, form={**good, **change})
        expect(answer, 400, text)
    assert node.hosts("bad") == {}, node.hosts("bad")
    missing = {"serviceName": "no-such-service", "ip": "10.0.0.1", "port": 1}
    expect(node.request("GET", INSTANCE, missing), 404)
    expect(node.request("PATCH", INSTANCE, form=missing), 400)
    expect(node.request("DELETE", SERVICE, {"serviceName": "no-such-service"}), 400)


def an_unknown_api_is_named_in_the_answer(cluster):
    for method in ("GET", "POST"):
        answer = cluster.nodes[0].request(method, "/nacos/v1/ns/no/such/thing")
        expect(answer, 501, f"no such api:{method}:/nacos/v1/ns/no/such/thing")
    expect(cluster.nodes[0].request("GET", "/elsewhere"), 404)


def requests_share_a_connection_and_arrive_in_order(cluster):
    host, port = cluster.nodes[0].http.split(":")
    line = "GET /nacos/v1/ns/{} HTTP/1.1\r\nHost: x\r\n{}\r\n"
    query = "instance/list?&serviceName=pipelined{}&&clusters=&"
    requests = [line.format(query.format(number), "") for number in range(5)]
    requests.append(line.format("operator/metrics", "Connection: close\r\n"))
    with socket.create_connection((host, int(port)), timeout=5) as stream:
        stream.sendall("".join(requests).encode())
        text = b""
        while chunk := stream.recv(65536):
            text += chunk
    places = [text.find(b"pipelined%d" % number) for number in range(5)]
    assert text.count(b"HTTP/1.1 200") == 6 and -1 not in places, text
    assert places == sorted(places), text


def garbage_on_any_port_harms_nobody(cluster):
    dice = random.Random(1)
    pieces = [
        b"\x00" * 4096,
        b"\xff" * 65536,
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET " + b"x" * 200_000,
        b"POST /nacos/v1/ns/instance HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"POST /nacos/v1/ns/instance HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /nacos/v1/ns/instance HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n",
        b"GET /nacos/v1/ns/instance/list?serviceName=%ff%fe%00%zz HTTP/1.1\r\nHost: x\r\n\r\n",
        b"A: b\r\n" * 10_000,
    ] + [dice.randbytes(dice.randrange(1, 5000)) for _ in range(30)]
    for node in cluster.nodes:
        for address in (node.http, node.raft):
            host, port = address.split(":")
            for piece in pieces:
                with socket.create_connection((host, int(port)), timeout=5) as stream:
                    try:
                        stream.sendall(piece)
                        stream.shutdown(socket.SHUT_WR)
                    except OSError:
                        pass  # refused before all of it was sent
            try:
                plain = ssl.create_default_context()
                with socket.create_connection((host, int(port)), timeout=1) as stream:
                    plain.wrap_socket(stream, server_hostname="x").close()
            except OSError:
                pass
    assert all(node.is_running() for node in cluster.nodes)
    register(cluster.nodes[0], "after-garbage", 1)
    cluster.wait_until_ready()


def the_status_command_shows_every_node(cluster):
    leader = cluster.leader()
    words = [cluster.muster, "status", "--server", "http://" + cluster.nodes[1].http]
    printed = subprocess.run(words, capture_output=True, text=True, timeout=20)
    assert printed.returncode == 0, printed
    for node in cluster.nodes:
        assert node.http in printed.stdout, printed
    machine = subprocess.run([*words, "--json"], capture_output=True, text=True, timeout=20)
    assert machine.returncode == 0, machine
    nodes = json.loads(machine.stdout)["nodes"]
    assert [node["node"] for node in nodes] == [1, 2, 3], nodes
    assert [node["node"] for node in nodes if node["role"] == "leader"] == [leader.name], nodes
    for node in nodes:
        assert node["term"] > 0 and node["appliedIndex"] <= node["commitIndex"], node
    nobody = subprocess.run(
        [cluster.muster, "status", "--server", "127.0.0.1:1"], capture_output=True, text=True, timeout=20
    )
    assert nobody.returncode != 0 and nobody.stderr.strip(), nobody


CASES = [
    an_instance_registered_at_one_node_is_listed_by_all,
    a_list_names_its_service_and_an_unknown_one_is_empty,
    an_instance_is_shown_updated_patched_and_deregistered,
    clusters_health_and_enabled_filter_a_list,
    namespaces_and_groups_are_apart,
    a_beat_answers_and_brings_back_an_unknown_instance,
    a_service_is_created_changed_listed_and_deleted,
    the_service_list_has_pages,
    one_service_has_instances_of_one_kind,
    operators_see_health_members_and_the_leader,
    metrics_are_in_the_prometheus_format,
    a_login_gives_a_token_while_authentication_is_off,
    bad_input_is_refused_by_name,
    an_unknown_api_is_named_in_the_answer,
    requests_share_a_connection_and_arrive_in_order,
    garbage_on_any_port_harms_nobody,
    the_status_command_shows_every_node,
]
