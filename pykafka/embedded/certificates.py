"""Certificates for brokers and clients on this machine, made by the ``openssl`` program."""

from __future__ import annotations

import ipaddress
import secrets
import subprocess
from collections.abc import Sequence
from pathlib import Path

from ..exceptions import MissingRequirementError, ServiceStartError
from .java import find_java
from .ports import HOST

__all__ = ["Certificates"]

#: Seconds for one key.
_WITHIN = 60.0
_DAYS = 30
#: With these openssl makes one that ended before it began.
_DAYS_IF_EXPIRED = -1
# Python from 3.13 on wants certificates to name the key of the authority (RFC 5280).
_SIGNED = "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
_ROOT = (
    "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
    "subjectKeyIdentifier=hash\n"
)
_BROKER = f"{_SIGNED}extendedKeyUsage=serverAuth,clientAuth\n"
_CLIENT = f"{_SIGNED}extendedKeyUsage=clientAuth\n"


class Certificates:
    """An authority of its own, and what it signed: a broker's certificate and a client's. All
    files are in ``folder``; the attributes are their paths.

    :param broker_names: the host names and IP addresses that the broker's certificate is for.
    :param broker_expired: whether that certificate is a day too old.
    :raises MissingRequirementError: there is no ``openssl`` program, or no Java.
    :raises ServiceStartError: one of them failed; with what it said.
    """

    def __init__(
        self,
        folder: Path,
        *,
        broker_names: Sequence[str] = ("localhost", HOST),
        broker_expired: bool = False,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        #: For both stores.
        self.broker_pass = secrets.token_hex(12)
        #: For :attr:`client_key`.
        self.client_pass = secrets.token_hex(12)
        #: PEM, what clients trust.
        self.root_cert = folder / "root.pem"
        #: PEM.
        self.client_cert = folder / "client.pem"
        #: PEM, encrypted.
        self.client_key = folder / "client.key"
        #: PKCS 12, the broker's key and certificate.
        self.keystore = folder / "broker.p12"
        #: PKCS 12, what brokers trust.
        self.truststore = folder / "truststore.p12"
        self._make_root()
        self._make_broker(broker_names, broker_expired)
        self._make_client()
        self._make_truststore()

    @property
    def broker_properties(self) -> dict[str, object]:
        """What a broker needs to use them; clients may show a certificate."""
        return {
            "ssl.keystore.location": self.keystore,
            "ssl.keystore.password": self.broker_pass,
            "ssl.keystore.type": "PKCS12",
            "ssl.key.password": self.broker_pass,
            "ssl.truststore.location": self.truststore,
            "ssl.truststore.password": self.broker_pass,
            "ssl.truststore.type": "PKCS12",
            "ssl.client.auth": "requested",
        }

    def _make_root(self) -> None:
        self._request("root")
        self._sign("root", _ROOT, ["-signkey", "root.key"])

    def _make_broker(self, names: Sequence[str], expired: bool) -> None:
        self._request("broker")
        extensions = f"{_BROKER}subjectAltName={','.join(map(_alternative_name, names))}\n"
        authority = ["-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial"]
        self._sign("broker", extensions, authority, _DAYS_IF_EXPIRED if expired else _DAYS)
        store = ["-inkey", "broker.key", "-in", "broker.pem", "-certfile", "root.pem"]
        password = ["-passout", f"pass:{self.broker_pass}"]
        self._openssl("pkcs12", "-export", "-out", self.keystore.name, *store, *password)

    def _make_client(self) -> None:
        self._request("client", ["-passout", f"pass:{self.client_pass}"])
        authority = ["-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial"]
        self._sign("client", _CLIENT, [*authority, "-passin", f"pass:{self.client_pass}"])

    def _make_truststore(self) -> None:
        # As a class, since small Java distributions lack the program; Java does not trust what
        # openssl puts into such a store.
        keytool = [find_java(), "-m", "java.base/sun.security.tools.keytool.Main"]
        store = ["-keystore", self.truststore.name, "-storetype", "PKCS12"]
        options = ["-storepass", self.broker_pass, "-noprompt", "-alias", "root"]
        self._run([*keytool, "-importcert", "-file", "root.pem", *store, *options])

    def _request(self, name: str, protection: Sequence[str] = ("-nodes",)) -> None:
        files = ["-keyout", f"{name}.key", "-out", f"{name}.csr"]
        key = ["-newkey", "rsa:2048", "-sha256", "-subj", f"/CN=pykafka {name}"]
        self._openssl("req", *key, *files, *protection)

    def _sign(
        self, name: str, extensions: str, authority: Sequence[str], days: int = _DAYS
    ) -> None:
        (self._folder / f"{name}.ext").write_text(extensions)
        files = ["-in", f"{name}.csr", "-out", f"{name}.pem", "-extfile", f"{name}.ext"]
        self._openssl("x509", "-req", "-sha256", "-days", str(days), *files, *authority)

    def _openssl(self, *arguments: str) -> None:
        try:
            self._run(["openssl", *arguments])
        except FileNotFoundError as error:
            raise MissingRequirementError(
                "there is no openssl program to make certificates with; install openssl"
            ) from error

    def _run(self, command: Sequence[str]) -> None:
        done = subprocess.run(
            command,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_WITHIN,
            check=False,
        )
        if done.returncode != 0:
            raise ServiceStartError(f"{' '.join(command[:3])}: {done.stdout}{done.stderr}")


def _alternative_name(name: str) -> str:
    """As openssl's subjectAltName wants it."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return f"DNS:{name}"
    return f"IP:{name}"
