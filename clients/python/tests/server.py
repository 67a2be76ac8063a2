"""The server that the tests talk to: test/clients/office-server.ts, run by the Node of the repository."""

import atexit
import functools
import os
import socket
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Self

REPOSITORY = Path(__file__).parents[3]
NODE = os.environ.get('NODE', str(REPOSITORY / 'node_modules/.bin/node'))
PROGRAM = os.environ.get('OFFICE_SERVER', str(REPOSITORY / 'test/clients/office-server.ts'))


class Server:
    """A server that may be killed and started again, with the same file and port."""

    def __init__(self, access: int = 900) -> None:
        """access: how many seconds tokens last."""
        self._access = access
        self._folder = tempfile.TemporaryDirectory(prefix='restuary-python-')
        self._port = 0
        self.start()

    @property
    def url(self) -> str:
        return f'http://127.0.0.1:{self._port}'

    def start(self) -> None:
        file = str(Path(self._folder.name, 'office.db'))
        command = [NODE, '--disable-warning=ExperimentalWarning', PROGRAM, file, str(self._port), str(self._access)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        url = self._process.stdout.readline()
        self._port = int(url.rsplit(':', 1)[1])

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    def close(self) -> None:
        self._process.terminate()
        self._process.communicate()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@functools.cache
def shared_server() -> Server:
    """The server of all tests that do not kill it, because a start takes longer than they do."""
    server = Server()
    atexit.register(server.close)
    return server


class Line:
    """A way to a server that can be cut, or go silent."""

    def __init__(self, url: str) -> None:
        self._to = int(url.rsplit(':', 1)[1])
        self._listening = socket.create_server(('127.0.0.1', 0))
        self.url = f'http://127.0.0.1:{self._listening.getsockname()[1]}'
        self.connections = 0
        self._flows = threading.Event()
        self._flows.set()
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Ends all connections. New ones may be made."""
        for one in self._sockets:
            _end(one)
        self._sockets.clear()
        self._flows.set()

    def silence(self) -> None:
        """Lets nothing through any more on the connections that there are."""
        self._flows.clear()

    def close(self) -> None:
        self._listening.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            if not self._flows.is_set():
                # Those that are silent stay so; this one is not.
                self._flows = threading.Event()
                self._flows.set()
            far = socket.create_connection(('127.0.0.1', self._to))
            self._sockets += [near, far]
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(source, target, self._flows), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, flows: threading.Event) -> None:
        try:
            while data := source.recv(65536):
                flows.wait()
                target.sendall(data)
        except OSError:
            pass  # it was cut
        _end(source)
        _end(target)
        source.close()


def _end(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it is over
