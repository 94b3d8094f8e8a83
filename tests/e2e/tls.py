"""Certificates of a test's own, made with the openssl program in a temporary folder.

    with Authority() as ca:
        server = ca.server()                       # for localhost and 127.0.0.1
        wrong = ca.server("elsewhere.example")     # valid, but for another host
        old = ca.server(days=(-30, -1))            # expired
        client = ca.client("hmi")
        Broker(tls=server, client_ca=ca.cert)
"""

import datetime
import ipaddress
import os
import shutil
import subprocess
import tempfile

CONFIG = """[ca]
default_ca = own
[own]
dir = {folder}
database = {folder}/index.txt
new_certs_dir = {folder}
certificate = {folder}/ca.crt
private_key = {folder}/ca.key
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = name
prompt = no
[name]
commonName = unused
"""


class Certificate:
    """Paths of PEM files: cert, key, and ca, its issuer's."""

    def __init__(self, cert, key, ca):
        self.cert, self.key, self.ca = cert, key, ca


class Authority:
    def __init__(self, name="hmi test CA"):
        self.folder = tempfile.mkdtemp(prefix="hmi-tls-")
        self.cert = os.path.join(self.folder, "ca.crt")
        self._count = 0
        try:
            with open(self._path("openssl.cnf"), "w") as file:
                file.write(CONFIG.format(folder=self.folder))
            open(self._path("index.txt"), "w").close()
            self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                          "-subj", f"/CN={name}", "-days", "30", "-keyout", self._path("ca.key"), "-out", self.cert,
                          "-addext", "basicConstraints=critical,CA:TRUE",
                          "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def _path(self, name):
        return os.path.join(self.folder, name)

    def _openssl(self, *arguments):
        done = subprocess.run(["openssl", *arguments], capture_output=True, text=True,
                              env={**os.environ, "OPENSSL_CONF": self._path("openssl.cnf")})
        if done.returncode != 0:
            raise RuntimeError(f"openssl {arguments[0]}: {done.stderr}")

    def _issue(self, common_name, extensions, days):
        self._count += 1
        key, request, cert = (self._path(f"{self._count}.{kind}") for kind in ("key", "csr", "crt"))
        added = [part for extension in extensions for part in ("-addext", extension)]
        self._openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                      "-subj", f"/CN={common_name}", "-keyout", key, "-out", request, *added)
        now = datetime.datetime.now(datetime.timezone.utc)
        start, end = ((now + datetime.timedelta(days=day)).strftime("%Y%m%d%H%M%SZ") for day in days)
        self._openssl("ca", "-batch", "-notext", "-config", self._path("openssl.cnf"), "-in", request, "-out", cert,
                      "-startdate", start, "-enddate", end)
        return Certificate(cert, key, self.cert)

    def server(self, *names, days=(-1, 30)):
        """For the given host names and addresses; `days`: valid from and to, counted from now."""
        kinds = []
        for name in names or ("localhost", "127.0.0.1"):
            try:
                kinds.append(f"IP:{ipaddress.ip_address(name)}")
            except ValueError:
                kinds.append(f"DNS:{name}")
        return self._issue((names or ("localhost",))[0],
                           ["subjectAltName=" + ",".join(kinds), "extendedKeyUsage=serverAuth"], days)

    def client(self, name="hmi", days=(-1, 30)):
        return self._issue(name, ["extendedKeyUsage=clientAuth"], days)

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)
