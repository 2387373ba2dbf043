"""Private name servers on loopback: one in Python whose every answer a test chooses, and the real NSD.

zone = Zone("alder.example"); zone.txt("_posthouse-challenge", token)
with FakeDns(zone) as server: ... Network(((HOST, server.port),), server.port, allows_private=True)
"""

import socket
import socketserver
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset

HOST = "127.0.0.1"
TTL = 60

# What a server does instead of answering from its zone: None is silence.
Trick = Callable[[dns.message.Message], dns.message.Message | None]


@dataclass
class Zone:
    """A zone with one name server for each address; every address is on loopback."""

    name: str
    addresses: tuple[str, ...] = (HOST,)
    records: list[tuple[str, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.add("@", "SOA", f"ns1.{self.name}. hostmaster.{self.name}. 1 3600 600 86400 60")
        for number, address in enumerate(self.addresses, 1):
            self.add("@", "NS", f"ns{number}.{self.name}.")
            self.add(f"ns{number}", "AAAA" if ":" in address else "A", address)

    def add(self, host: str, rdtype: str, value: str) -> Self:
        name = f"{self.name}." if host == "@" else f"{host}.{self.name}."
        self.records.append((name, rdtype, value))
        return self

    def txt(self, host: str, *strings: str) -> Self:
        return self.add(host, "TXT", " ".join(f'"{text}"' for text in strings))

    def text(self) -> str:
        """As a zone file."""
        lines = [f"{name} {TTL} IN {rdtype} {value}" for name, rdtype, value in self.records]
        return "\n".join(lines) + "\n"

    def find(self, name: dns.name.Name, rdtype: str) -> list[str]:
        return [
            value
            for owner, kind, value in self.records
            if kind == rdtype and dns.name.from_text(owner) == name
        ]

    def exists(self, name: dns.name.Name) -> bool:
        return any(dns.name.from_text(owner).is_subdomain(name) for owner, _, _ in self.records)


class FakeDns:
    """Answers from zones with the AA bit, over UDP and TCP, and acts as the resolver too. Names outside
    get REFUSED. `tricks` by address replace the answers to TXT questions there."""

    def __init__(self, *zones: Zone, tricks: dict[str, Trick] | None = None) -> None:
        self.zones = zones
        self.tricks = tricks or {}
        self.asked: list[tuple[str, str, str]] = []
        self.port = 0
        self._servers: list[socketserver.BaseServer] = []

    def __enter__(self) -> Self:
        addresses = sorted(
            {HOST, *(address for zone in self.zones for address in zone.addresses)} - {"192.0.2.1"}
        )
        self.port = free_port()
        for address in [text for text in addresses if text.startswith("127.")]:
            self._serve(address)
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def answer(self, wire: bytes, address: str, *, tcp: bool) -> bytes | None:
        query = dns.message.from_wire(wire)
        question = query.question[0]
        rdtype = dns.rdatatype.to_text(question.rdtype)
        self.asked.append((address, question.name.to_text(omit_final_dot=True), rdtype))
        trick = self.tricks.get(address)
        response = trick(query) if trick and rdtype == "TXT" else self.from_zone(query)
        if response is None:
            return None
        if tcp:
            return response.to_wire(max_size=65535)
        try:
            return response.to_wire(max_size=1232)
        except dns.exception.TooBig:
            short = dns.message.make_response(query)
            short.flags |= dns.flags.TC | dns.flags.AA
            return short.to_wire()

    def from_zone(self, query: dns.message.Message) -> dns.message.Message:
        response = dns.message.make_response(query)
        name = query.question[0].name
        rdtype = dns.rdatatype.to_text(query.question[0].rdtype)
        zone = next((zone for zone in self.zones if name.is_subdomain(dns.name.from_text(zone.name))), None)
        if zone is None:
            response.set_rcode(dns.rcode.REFUSED)
            return response
        response.flags |= dns.flags.AA
        values, owner = zone.find(name, rdtype), name
        if not values and (aliases := zone.find(name, "CNAME")):
            response.answer.append(dns.rrset.from_text(name, TTL, "IN", "CNAME", *aliases))
            owner = dns.name.from_text(aliases[0])
            # As a resolver it follows wherever that leads.
            values = [value for other in self.zones for value in other.find(owner, rdtype)]
        if not values and not zone.exists(name):
            values = zone.find(dns.name.from_text(f"*.{name.parent()}"), rdtype)
        if values:
            response.answer.append(dns.rrset.from_text(owner, TTL, "IN", rdtype, *values))
            return response
        apex = dns.name.from_text(zone.name)
        response.authority.append(dns.rrset.from_text(apex, TTL, "IN", "SOA", *zone.find(apex, "SOA")))
        if not response.answer and not zone.exists(name):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response

    def _serve(self, address: str) -> None:
        fake = self

        class Udp(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                data, sock = self.request
                if (wire := fake.answer(data, address, tcp=False)) is not None:
                    sock.sendto(wire, self.client_address)

        class Tcp(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                while head := self.rfile.read(2):
                    wire = fake.answer(self.rfile.read(struct.unpack("!H", head)[0]), address, tcp=True)
                    if wire is None:
                        return
                    self.wfile.write(struct.pack("!H", len(wire)) + wire)

        class TcpServer(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        for server in (
            socketserver.ThreadingUDPServer((address, self.port), Udp),
            TcpServer((address, self.port), Tcp),
        ):
            self._servers.append(server)
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


def says(rcode: dns.rcode.Rcode) -> Trick:
    """A server that answers TXT questions with this code."""

    def trick(query: dns.message.Message) -> dns.message.Message:
        response = dns.message.make_response(query)
        response.set_rcode(rcode)
        return response

    return trick


def is_silent(_query: dns.message.Message) -> None:
    """A server that never answers."""


def is_lame(query: dns.message.Message) -> dns.message.Message:
    """A server that answers without authority."""
    return dns.message.make_response(query)


def free_port() -> int:
    """A port that is free for TCP and UDP on loopback."""
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        tcp.bind((HOST, 0))
        port: int = tcp.getsockname()[1]
        udp.bind((HOST, port))
        return port


class Nsd:
    """The real NSD with zones from zone files; `publish` changes one."""

    def __init__(self, *zones: Zone) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="posthouse-nsd-"))
        self.port = free_port()
        self.zones = {zone.name: zone for zone in zones}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        for zone in self.zones.values():
            self._write(zone)
        config = self.folder / "nsd.conf"
        zones = "".join(f'zone:\n  name: "{name}"\n  zonefile: "{name}.zone"\n' for name in self.zones)
        config.write_text(
            f'server:\n  ip-address: {HOST}@{self.port}\n  server-count: 1\n  username: ""\n  chroot: ""\n'
            f'  zonesdir: "{self.folder}"\n  zonelistfile: "{self.folder}/zone.list"\n'
            f'  xfrdir: "{self.folder}"\n  xfrdfile: "{self.folder}/xfrd.state"\n'
            f'  pidfile: "{self.folder}/nsd.pid"\n  hide-version: yes\n'
            f'remote-control:\n  control-enable: yes\n  control-interface: "{self.folder}/ctl"\n{zones}'
        )
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                ["/usr/sbin/nsd", "-d", "-c", str(config)], stdout=log, stderr=log
            )
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError((self.folder / "log").read_text())
            try:
                socket.create_connection((HOST, self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        message = "NSD did not start"
        raise RuntimeError(message)

    def publish(self, zone: Zone) -> None:
        """Serve the zone as it is now; returns when the last record added is served."""
        self._write(zone)
        subprocess.run(
            ["/usr/sbin/nsd-control", "-c", str(self.folder / "nsd.conf"), "reload", zone.name],
            check=True,
            capture_output=True,
            timeout=10,
        )
        # NSD answers the command before it serves the zone.
        name, rdtype, value = zone.records[-1]
        question = dns.message.make_query(name, rdtype)
        deadline = time.monotonic() + 10
        while not self._serves(question, value):
            if time.monotonic() > deadline:
                message = f"NSD does not serve {name}"
                raise RuntimeError(message)
            time.sleep(0.02)

    def _serves(self, question: dns.message.Message, value: str) -> bool:
        try:
            return value in dns.query.udp(question, HOST, timeout=1, port=self.port).to_text()
        except dns.exception.Timeout:
            # A packet that met the reload was lost.
            return False

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=10)

    def _write(self, zone: Zone) -> None:
        (self.folder / f"{zone.name}.zone").write_text(zone.text())


@contextmanager
def nsd(*zones: Zone) -> Iterator[Nsd]:
    server = Nsd(*zones)
    server.start()
    try:
        yield server
    finally:
        server.stop()
