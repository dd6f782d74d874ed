"""Plain HTTP requests, as curl would send them, with the answer's status and text."""

import http.client
import json
import urllib.parse


class Answer:
    def __init__(self, status, text, content_type):
        self.status = status
        self.text = text
        self.content_type = content_type

    def json(self):
        return json.loads(self.text)

    def __repr__(self):
        return f"<{self.status} {self.text[:300]!r}>"


def request(address, method, path, parameters=None, form=None, timeout=5):
    """Sends one request on a connection of its own. Raises OSError when nobody answers."""
    host, port = address.rsplit(":", 1)
    target = path
    if parameters:
        target += "?" + urllib.parse.urlencode(parameters)
    body, headers = None, {}
    if form is not None:
        body = urllib.parse.urlencode(form)
        headers["Content-Type"] = "application/x-www-form-urlencoded;charset=utf-8"
    connection = http.client.HTTPConnection(host, int(port), timeout=timeout)
    try:
        connection.request(method, target, body=body, headers=headers)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        return Answer(answer.status, text, answer.getheader("Content-Type", ""))
    except http.client.HTTPException as error:
        raise OSError(f"{address} broke off: {error!r}") from error
    finally:
        connection.close()
