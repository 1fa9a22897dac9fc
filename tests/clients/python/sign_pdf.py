"""pyHanko: signs a PDF of one empty page through the module, then judges it as a reader who trusts the TEST CA."""

import os

from asn1crypto import algos, core, pem, x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import PdfSignatureMetadata, sign_pdf
from pyhanko.sign.pkcs11 import PKCS11Signer, open_pkcs11_session
from pyhanko.sign.validation import KeyUsageConstraints, validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pyhanko.config.pkcs11 import TokenCriteria


# A Korean certificate carries the owner's name and VID as an otherName, which asn1crypto cannot read by itself, and without
# which pyHanko's validator finds no path. (Signing needs none of this, nor do other readers.)
class Vid(core.Sequence):
    _fields = [("hash_algorithm", algos.DigestAlgorithm), ("virtual_id", core.OctetString, {"explicit": 0})]


class UserInfo(core.Sequence):
    _fields = [("type", core.ObjectIdentifier), ("value", Vid)]


class UserInfos(core.SequenceOf):
    _child_spec = UserInfo


class IdentifyData(core.Sequence):
    _fields = [("real_name", core.UTF8String), ("user_info", UserInfos, {"optional": True})]


x509.AnotherName._oid_pair = ("type_id", "value")
x509.AnotherName._oid_specs = {"1.2.410.200004.10.1.1": IdentifyData}


def empty_page():
    """PDF 1.7 (ISO 32000-1, 7.5): header, three objects, cross-reference table, trailer."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << >> >>",
    ]
    pdf, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(pdf))
        pdf += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(pdf)
    pdf += b"xref\n0 4\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    return pdf + b"trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % table


def certificate(path):
    _, _, der = pem.unarmor(open(path, "rb").read())
    return x509.Certificate.load(der)


open("plain.pdf", "wb").write(empty_page())
key_id = bytes.fromhex(os.environ["KEY_ID"])
authority = certificate(os.environ["CA_PEM"])
with open_pkcs11_session(
    os.environ["INGAM_MODULE"],
    token_criteria=TokenCriteria(label=os.environ["TOKEN_LABEL"]),
    user_pin=os.environ["USER_PIN"],
) as session:
    signer = PKCS11Signer(session, cert_id=key_id, key_id=key_id, other_certs_to_pull=())
    with open("plain.pdf", "rb") as plain, open("signed.pdf", "wb") as signed:
        sign_pdf(
            IncrementalPdfFileWriter(plain),
            PdfSignatureMetadata(field_name="Signature1", md_algorithm="sha256"),
            signer=signer,
            output=signed,
        )

with open("signed.pdf", "rb") as signed:
    [signature] = PdfFileReader(signed).embedded_signatures
    context = ValidationContext(trust_roots=[authority], allow_fetching=False, revocation_mode="soft-fail")
    usage = KeyUsageConstraints(key_usage={"digital_signature"})
    status = validate_pdf_signature(signature, context, key_usage_settings=usage)
    print(status.pretty_print_details())
    assert status.bottom_line and status.intact and status.valid and status.trusted, status.summary()
    assert signature.signer_cert.dump() == certificate(os.environ["CERT_PEM"]).dump()
