"""Certificates of gateways that nobody's authority made: good ones, and such as only one of two libraries reads."""

from asn1crypto.x509 import Certificate
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

USES = "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign encipher_only decipher_only"


def self_signed(name, *, since, until, extensions=()):
    """Make a certificate that signs itself; return it and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number(), since, until)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=True)
    return builder.sign(key, hashes.SHA256()), key


def der(certificate):
    return certificate.public_bytes(Encoding.DER)


def pem(certificate):
    return certificate.public_bytes(Encoding.PEM)


def unreadable(certificate, name):
    """Return it with bytes in its name that are no UTF-8: cryptography passes over them, OpenSSL does not read on."""
    text = name.encode()
    assert text in der(certificate)
    return x509.load_der_x509_certificate(der(certificate).replace(text, b"\xff" * len(text)))


def of_version_1(certificate):
    """Return it as certificates were in 1988, when none could say that it is no authority's."""
    old = Certificate.load(der(certificate))
    del old["tbs_certificate"]["extensions"]
    old["tbs_certificate"]["version"] = "v1"
    return x509.load_der_x509_certificate(old.dump(force=True))


def usage(*named):
    return x509.KeyUsage(**{one: one in named for one in USES.split()})
