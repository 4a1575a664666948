"""A load generator for loopback: one thread, kept-alive connections, requests prepared beforehand as bytes.

It costs the measured machine little (some 20 µs a request). Connections take turns, and each is made anew after
a while, as visitors come and go: a worker of the server keeps the connections that it once accepted, so that
without this the workers' shares would be as chance had it when the load began. Every answer that is not 200 and
every broken connection counts as failed. In its paced form latencies are measured from the moment when a request
was due, so that a server that stalls cannot hide the requests which waited for it.
"""

import selectors
import socket
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length:"
RELEASE = b'"release_id":"'

REQUESTS_PER_CONNECTION = 50

SETTLE_SECONDS = 1.5
"""Connections made in one instant may all be one worker's, as visitors' never are; until they are made anew."""

Address = tuple[str, int]


@dataclass
class Outcome:
    """What a run measured; latencies in seconds, of the answers that were 200."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    failed: int = 0
    releases: set[str] = field(default_factory=set)

    def add(self, other: "Outcome") -> None:
        """Join what a further run measured."""
        self.seconds += other.seconds
        self.latencies += other.latencies
        self.failed += other.failed
        self.releases |= other.releases

    @property
    def requests_per_second(self) -> float:
        """Good answers a second."""
        return len(self.latencies) / self.seconds

    def milliseconds(self, share: float) -> float:
        """The latency that `share` of the answers did not exceed."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(int(share * len(ordered)), len(ordered) - 1)]


class Connection:
    """One kept-alive connection with at most one request under way."""

    def __init__(self, address: Address) -> None:
        self.socket = socket.create_connection(address, timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.due = 0.0
        self.answers = 0
        self._received = b""

    def receive(self) -> bytes | None:
        """Read what there is; give the whole answer once it is complete."""
        block = self.socket.recv(65536)
        if not block:
            raise ConnectionError("closed by the server")
        self._received += block
        end = self._received.find(HEAD_END)
        if end < 0:
            return None
        head = self._received[:end].lower()
        length = int(head[head.index(LENGTH) + len(LENGTH) :].split(b"\r\n", 1)[0])
        if len(self._received) < end + len(HEAD_END) + length:
            return None
        answer, self._received = self._received, b""
        return answer


class Load:
    """Connections to one server, and the requests that they send in turn, over and over."""

    def __init__(self, address: Address, requests: Sequence[bytes], connections: int) -> None:
        self._address = address
        self._requests = cycle(requests)
        self._selector = selectors.DefaultSelector()
        self._idle: deque[Connection] = deque()
        for _ in range(connections):
            self._connect()

    def run(self, seconds: float, rate: float | None = None) -> Outcome:
        """Send for so many seconds.

        Parameters
        ----------
        rate
            Requests a second, whatever becomes of the answers; None: each connection asks again at once.
        """
        outcome = Outcome()
        begin = time.perf_counter()
        sent = 0
        while (now := time.perf_counter()) - begin < seconds:
            while self._idle:
                due = now if rate is None else begin + sent / rate
                if due > now:
                    break
                self._send(self._idle.popleft(), due, outcome)
                sent += 1
            wait = 0.05 if rate is None or not self._idle else begin + sent / rate - now
            for key, _ in self._selector.select(max(wait, 0)):
                self._receive(key.data, outcome)
        outcome.seconds = time.perf_counter() - begin
        return outcome

    def close(self) -> None:
        """Close every connection; answers under way are not waited for."""
        for key in list(self._selector.get_map().values()):
            key.data.socket.close()
        self._selector.close()

    def _connect(self) -> None:
        connection = Connection(self._address)
        self._selector.register(connection.socket, selectors.EVENT_READ, connection)
        self._idle.append(connection)

    def _send(self, connection: Connection, due: float, outcome: Outcome) -> None:
        connection.due = due
        try:
            connection.socket.sendall(next(self._requests))
        except OSError:
            self._replace(connection, outcome)

    def _receive(self, connection: Connection, outcome: Outcome) -> None:
        try:
            answer = connection.receive()
        except OSError:
            self._replace(connection, outcome)
            return
        if answer is None:
            return
        if answer.startswith(b"HTTP/1.1 200"):
            outcome.latencies.append(time.perf_counter() - connection.due)
            start = answer.find(RELEASE) + len(RELEASE)
            outcome.releases.add(answer[start : start + 12].decode() if start >= len(RELEASE) else "")
        else:
            outcome.failed += 1
        connection.answers += 1
        if connection.answers < REQUESTS_PER_CONNECTION:
            self._idle.append(connection)
        else:
            self._renew(connection)

    def _replace(self, connection: Connection, outcome: Outcome) -> None:
        """Make a new connection for a broken one; one that the server closed in a pause is no failure."""
        if connection in self._idle:
            self._idle.remove(connection)
        else:
            outcome.failed += 1
        self._renew(connection)

    def _renew(self, connection: Connection) -> None:
        self._selector.unregister(connection.socket)
        connection.socket.close()
        self._connect()


def load(
    address: Address, requests: Sequence[bytes], connections: int, seconds: float, rate: float | None = None
) -> Outcome:
    """Make a load of one's own for a run; see `Load.run`. What it needs to settle is not counted."""
    made = Load(address, requests, connections)
    try:
        made.run(SETTLE_SECONDS, rate)
        return made.run(seconds, rate)
    finally:
        made.close()
