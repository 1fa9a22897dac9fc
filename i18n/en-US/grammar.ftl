# Help. help-<verb>, help-<verb>-usage, help-<verb>-examples, help-<verb>-<argument>, help-arg-<shared argument>

help-heading-usage = Usage:
help-heading-verbs = Commands
help-heading-arguments = What to work with
help-heading-options = Options
help-heading-global = Global options
help-heading-examples = Examples:

help-ingam = Finds Korean joint certificates (공동인증서, NPKI), shows them, signs and verifies.
help-ingam-usage = ingam [GLOBAL OPTIONS] COMMAND [OPTIONS]
help-ingam-examples =
    ingam list                          certificates on all media
    ingam sign hong --in a.pdf --out a.sig
    ingam sample --out try              makes test certificates

    Every command has help: ingam sign --help

help-arg-json = Print the result as one JSON document (its form: docs/json.md)
help-arg-quiet = Fewer words: the result and errors only
help-arg-verbose = Print the technical cause of an error too
help-arg-no-input = Never ask for a password; fail if one is needed and none was given
help-arg-yes = Confirm beforehand what destroys something (never the last try of a PIN)
help-arg-allow-last-try = Send a PIN even if a wrong one would lock the token
help-arg-lang = Language: ko, en (default: LC_ALL, LC_MESSAGES, LANG)
help-arg-lang-value = LANG
help-arg-help = Print this help
help-arg-version = Print the version

help-arg-certificate =
    Part of the name, serial:HEX, the beginning of sha256:HEX, or a pkcs11: URI; on a terminal also the number in the plain list
help-arg-certificate-value = CERT
help-arg-medium = Look on this medium only: hdd, security-token[:LABEL], token[:SERIAL], dir:PATH, a pkcs11: URI
help-arg-medium-value = MEDIUM
help-arg-password-fd = Read the certificate's password from this file descriptor
help-arg-password-fd-value = N
help-arg-password-file = Read the certificate's password from this file (readable by its owner only)
help-arg-password-file-value = FILE
help-arg-password-env = Read the certificate's password from this environment variable (less safe than a file)
help-arg-password-env-value = VAR
help-arg-hash = Hash: sha256 (default), sha384, sha512, sha1
help-arg-hash-value = HASH
help-arg-pss = PSS instead of PKCS#1 v1.5 (salt as long as the hash)
help-arg-force = Overwrite a file that exists

help-secrets =
    The password is taken from the first of these that is given; never from the command line.
      --password-fd, --password-file, systemd credential (ingam.pin), pin-source of the URI, --password-env, the terminal

help-secrets-pin =
    Each PIN is taken from the first of these that is given; never from the command line.
      …-fd, …-file, systemd credential (ingam.pin, ingam.so-pin, ingam.new-pin), …-env, the terminal

help-list = Shows the certificates of all media in one table.
help-list-usage = ingam list [--medium MEDIUM] [--expired | --within DAYS] [--all]
help-list-examples =
    ingam list
    ingam list --within 30d             those that end within 30 days
    ingam list --medium dir:/mnt/usb/NPKI
    ingam list --json
help-list-expired = Show expired certificates only
help-list-within = Show certificates that expire within this time only (such as 30d)
help-list-within-value = DAYS
help-list-all = Show every copy of a certificate on a line of its own
help-list-medium = Look on this medium only: hdd, security-token[:LABEL], token[:SERIAL], dir:PATH, a pkcs11: URI (rows have numbers in the plain list only)

help-show = Shows one certificate in detail.
help-show-usage = ingam show CERT [--pem | --der | --text] [--medium MEDIUM]
help-show-examples =
    ingam show hong
    ingam show sha256:a002ff55 --text
    ingam show hong --pem > hong.pem
    ingam show hong --password-file pw  opens the key too, to see whether it holds R
help-show-pem = Print the certificate as PEM
help-show-der = Print the certificate as DER
help-show-text = Show everything: subject, policies, extensions

help-sign = Signs a file. Makes a bare RSA signature.
help-sign-usage =
    ingam sign CERT --in FILE --out FILE [--raw] [--hash HASH] [--pss] [--force]
    { "           [" }--password-fd N | --password-file FILE | --password-env VAR]
help-sign-examples =
    ingam sign hong --in contract.pdf --out contract.sig
    ingam sign serial:1a2b --in - --out - --password-fd 3 3< pw < a.xml > a.sig
    openssl dgst -sha256 -verify pub.pem -signature contract.sig contract.pdf
help-sign-input = The file to sign; "-" is standard input
help-sign-input-value = FILE
help-sign-output = Where the signature goes; "-" is standard output
help-sign-output-value = FILE
help-sign-raw = Make the bare signature (the default, and for now the only form)

help-verify = Verifies a certificate item by item, or checks a signature that it made.
help-verify-usage =
    ingam verify CERT [--ca FILE]…
    ingam verify CERT --in FILE --signature FILE [--hash HASH] [--pss]
help-verify-examples =
    ingam verify hong
    ingam verify hong --ca root.pem     trusts the root of a test CA
    ingam verify hong --in contract.pdf --signature contract.sig
help-verify-ca = Trust the roots of this file too, beside KISA RootCA 4, and use its other CA certificates (PEM, DER); may be repeated
help-verify-ca-value = FILE
help-verify-input = The file that was signed; "-" is standard input
help-verify-input-value = FILE
help-verify-signature = The signature to check
help-verify-signature-value = FILE

help-vid = Works with the owner's identification data (본인확인정보, VID).
help-vid-usage = ingam vid verify|r CERT …
help-vid-examples =
    ingam vid verify hong
    ingam vid r hong --out r.txt
help-vid-verify = Checks whether a resident or business number is the one in the certificate.
help-vid-verify-usage = ingam vid verify CERT [--idn-fd N | --idn-file FILE] [--password-fd N | …]
help-vid-verify-examples =
    ingam vid verify hong               asks for number and password without showing them
    ingam vid verify hong --idn-fd 3 --password-fd 4 3< idn 4< pw
help-vid-verify-idn-fd = Read the number from this file descriptor
help-vid-verify-idn-fd-value = N
help-vid-verify-idn-file = Read the number from this file (readable by its owner only)
help-vid-verify-idn-file-value = FILE
help-vid-r = Takes out R, the random number behind the VID. It is secret and never printed to a terminal.
help-vid-r-usage = ingam vid r CERT (--out FILE | --out-fd N) [--form base64|hex|raw] [--password-fd N | …]
help-vid-r-examples =
    ingam vid r hong --out r.txt        written with mode 0600
    ingam vid r hong --out - --password-file pw | other-program
help-vid-r-output = Where R goes; "-" is standard output
help-vid-r-output-value = FILE
help-vid-r-out-fd = Write R to this file descriptor
help-vid-r-out-fd-value = N
help-vid-r-form = Form: base64 (default), hex, raw
help-vid-r-form-value = FORM

help-module = About the PKCS#11 module.
help-module-usage = ingam module path
help-module-examples =
    pkcs11-tool --module "$(ingam module path)" --list-slots
help-module-path = Prints the path of the PKCS#11 module that belongs to this program.
help-module-path-usage = ingam module path
help-module-path-examples =
    pkcs11-tool --module "$(ingam module path)" --list-slots
    ingam module path --json

help-sample = Makes a TEST CA and certificates for trying out. They are good for nothing real.
help-sample-usage =
    ingam sample --out DIR [--kind KIND]… [--expires-in DAYS] [--km] [--name NAME] [--count N]
    { "             [" }--password-fd N | --password-file FILE | --password-env VAR]
help-sample-examples =
    ingam sample --out try
    ingam sample --out try --kind personal-bank --kind tax-invoice --expires-in 18d --km
    ingam sample --out ci --password-fd 3 --json 3< pw
help-sample-output = Make NPKI, root.pem and ca.pem in this folder; nothing is made if it holds one of them
help-sample-output-value = DIR
help-sample-kind =
    Kind (may be repeated): personal-bank (default), personal-universal, personal-securities,
    personal-credit-card, corporate-universal, corporate-banking, tax-invoice
help-sample-kind-value = KIND
help-sample-expires-in = Time left (default: 365d; -1d is expired)
help-sample-expires-in-value = DAYS
help-sample-km = Make the encryption certificate and key too
help-sample-name = The owner's name
help-sample-name-value = NAME
help-sample-count = How many of each kind, 1 to 1000 (default: 1)
help-sample-count-value = N
help-sample-password-fd = Read the password from this file descriptor (without any: the test password that everybody knows)
