# ingam token

token-label = Name
token-model = Model
token-serial = Serial
token-firmware = Firmware
token-pin = PIN
token-so-pin = SO PIN
token-pin-length = PIN length
token-pin-length-value = { $shortest } to { $longest } bytes
token-entry = PIN entry
token-entry-keypad = on the token's own keypad
token-entry-program = in the program
token-login = Private keys
token-login-needed = need the PIN
token-login-not-needed = do not need the PIN
token-memory = Free memory
token-memory-value = public { $public }, private { $private }
token-memory-unknown = not told
token-writing = Writing
token-write-protected = write-protected
token-certificates = Certificates
token-blank = { "" }
token-none = none
token-other = Other
token-module = Module
token-uri = URI

token-not-initialised = not initialised
token-pin-not-set = not set
token-pin-good = set
token-pin-count-low = wrong tries so far
token-pin-final-try = one try left
token-pin-locked = locked
token-pin-to-be-changed = to be changed
token-pin-never-locks = { $state }, never locks

token-list-label = NAME
token-list-model = MODEL
token-list-serial = SERIAL
token-list-pin = PIN
token-list-module = MODULE
token-list-summary =
    { $tokens ->
        [one] 1 token
       *[other] { $tokens } tokens
    } of { $modules ->
        [one] 1 module
       *[other] { $modules } modules
    }
token-list-unusable = Cannot be used:
token-list-nothing = There is no security token.
token-list-nothing-hint =
    Plug it in, and install its maker's PKCS#11 module. If that stands somewhere unusual, name it in config.toml:
    { "  [[pkcs11]]" }
      path = "/opt/maker/libtoken.so"
    To make a software token for tests: ingam token init --softhsm --label test

token-own-keypad = Type it on the token's own keypad: { $token }
token-initialised = Initialised { $token } (serial { $serial }). Use: { $uri }
token-there-already = There already: { $token } (serial { $serial }). Nothing was changed. Use: { $uri }
token-has-no-pin = ! It has no PIN yet: { $token }. To set it: ingam token unlock
token-relabelled = Relabelled on token { $token }: { $before } → { $label }
token-reset = Emptied and initialised: { $token } (serial { $serial }). Use: { $uri }
token-reset-loss =
    { $certificates ->
        [0] No certificate is seen on this token
        [one] 1 certificate on this token is erased with its key
       *[other] { $certificates } certificates on this token are erased with their keys
    }{ $others ->
        [0] .
        [one] , and 1 other thing.
       *[other] , and { $others } other things.
    } This cannot be undone.
token-reset-loss-unknown = Everything on this token is erased. This cannot be undone.
token-reset-loss-private = Keys that show only with the PIN are erased too.
token-reset-confirm = To go on, type the token's name "{ $label }":{ " " }
token-pin-changed = PIN changed: { $token }
token-so-pin-changed = SO PIN changed: { $token }
token-unlocked = New PIN set: { $token }

# Errors
error-token-pin-incorrect = Wrong PIN. (token: { $token })
error-token-so-pin-incorrect = Wrong SO PIN. (token: { $token })
error-token-pin-locked = The PIN is locked. (token: { $token })
error-token-so-pin-locked = The SO PIN is locked. (token: { $token })
error-token-last-try = Only one try of the PIN is left, so nothing was sent. (token: { $token })
error-token-so-last-try = Only one try of the SO PIN is left, so nothing was sent. (token: { $token })
error-token-last-try-hint = One more wrong one locks it. Make sure of the PIN, then run it again with --allow-last-try.
error-token-pin-rejected = The new PIN does not follow the token's rules. (token: { $token })
error-token-pin-not-set = The PIN is not set yet. (token: { $token })
error-token-pin-not-set-hint = To set it with the SO PIN: ingam token unlock
error-token-pin-length = The new PIN is too short or too long for this token. Nothing was changed.
error-token-pin-length-hint = This token takes { $shortest } to { $longest } bytes.
error-token-now-locked = It is locked now.
error-token-locked-hint = Whoever has the SO PIN sets a new one: ingam token unlock
error-token-so-locked-hint = A locked SO PIN cannot be unlocked. The token works on with its PIN; ask its maker before that is locked too.
error-token-one-try-left = One try is left. One more wrong one locks it.
error-token-tries-unknown = The token does not tell how many tries are left; wrong ones lock it in the end.
error-token-never-locks = This token does not lock, however many tries are wrong.
error-token-bad-selector = This cannot name a token: { $token }
error-token-bad-selector-hint = Use token, token:NAME, token:SERIAL, security-token:NAME or a pkcs11: URI; never a slot number.
error-token-not-found = There is no such token: { $token }
error-token-there = There are these:
error-token-none-there = There is no token. To see why: ingam token list
error-token-unusable =
    { $unusable ->
        [one] 1 module cannot be used. To see the reason: ingam token list
       *[other] { $unusable } modules cannot be used. To see the reasons: ingam token list
    }
error-token-ambiguous = More than one token fits: { $token }
error-token-not-initialised = The token is not initialised: { $token }
error-token-not-initialised-hint = To initialise it: ingam token init TOKEN --label NAME
error-token-initialised = There is a token of this name, and it is initialised. Nothing was changed. ({ $token })
error-token-initialised-hint =
    To leave it as it is and go on, add --if-absent.
    To erase everything on it: ingam token reset
error-so-pin-without-so = The SO PIN belongs to --so. Without --so the owner's PIN is changed; nothing was sent.
error-pin-with-so = With --so the SO PIN is changed: give it by --so-pin-file, not by --pin-file. Nothing was sent.
error-bad-value-hint-label = A name of 1 to 32 bytes (in Hangul up to 10 letters), without ':' and blanks at its ends.
error-bad-value-hint-softhsm = SoftHSM cannot read a path with '#' or control characters. Use another folder.
error-softhsm-missing = SoftHSM is not installed.
error-softhsm-missing-hint = Debian, Ubuntu: apt install softhsm2 · Fedora: dnf install softhsm · macOS: brew install softhsm
error-no-data-folder = There is no folder for the user's data. Name one: --softhsm DIR
error-token-folder-open = Other users can read this folder of tokens: { $path }
error-token-folder-open-hint = Restrict it: chmod 700 { $path }

error-module-absent = The PKCS#11 module is not there.
error-module-absent-hint = Check its path in config.toml ([[pkcs11]]) or in INGAM_PKCS11_MODULES; it must be absolute.
error-module-relative = The path of a PKCS#11 module must be absolute.
error-module-no-file = This is no PKCS#11 module but a folder or a device.
error-module-not-loadable = The PKCS#11 module cannot be loaded.
error-module-not-loadable-hint = It is no PKCS#11 module, is made for another machine, or lacks a library: ldd FILE
error-module-open = Other users may change the PKCS#11 module or a folder on the way to it, so it is not loaded.
error-module-open-hint = File and folders must belong to root or to you: chmod go-w FILE
error-module-ourselves = This is the PKCS#11 module of this very program.
error-module-ourselves-hint = Name the module of the token's maker instead.
error-module-proxy = This is p11-kit's proxy, which shows this program's own module again.
error-module-not-starting = The PKCS#11 module does not start.
error-module-not-starting-hint = Check the driver or service of the token's maker; for SoftHSM, that SOFTHSM2_CONF names a file that you can read.
error-module-silent = The PKCS#11 module did not answer in time and is left alone.
error-module-silent-hint = Everything else works on. Plug the token in again, or ask its maker for a newer module.

# Help
help-token = Security tokens (보안토큰): lists them, initialises them, changes and unlocks their PINs.
help-token-usage = ingam token list|info|init|pin|unlock|reset|relabel …
help-token-examples =
    ingam token list
    ingam token init --softhsm --label test
    ingam token unlock token:company
help-token-list = Shows every token of every PKCS#11 module, and the modules that cannot be used.
help-token-list-usage = ingam token list
help-token-list-examples =
    ingam token list
    ingam token list --json
help-token-info = Shows what a token says of itself, and the certificates on it.
help-token-info-usage = ingam token info TOKEN
help-token-info-examples =
    ingam token info token
    ingam token info token:company
help-arg-token = token:NAME or token:SERIAL, security-token:NAME, a pkcs11: URI; "token" alone where there is one only
help-arg-token-value = TOKEN
help-token-init = Initialises a token: gives it a name, an SO PIN and a PIN.
help-token-init-usage =
    ingam token init [TOKEN] --label NAME [--if-absent] [--so-pin-file FILE | …] [--pin-file FILE | …]
    ingam token init --softhsm [DIR] --label NAME [--if-absent] …
help-token-init-examples =
    ingam token init --label company
    ingam token init token:0102030405060708 --label company
    eval "$(ingam token init --softhsm ci --label ci --so-pin-file so --pin-file pin --if-absent)"
help-token-init-token = The token, as "ingam token list" names it; without it the only one that is not initialised
help-token-init-label = The token's name, 1 to 32 bytes
help-token-init-label-value = NAME
help-token-init-if-absent = Change nothing if there is a token of this name (exit code 0)
help-token-init-softhsm = Make a token of SoftHSM in this folder, or in the user's data folder, and print what to set in the environment
help-token-init-softhsm-value = DIR
help-token-pin = Changes a token's PIN, or its SO PIN.
help-token-pin-usage =
    ingam token pin TOKEN [--pin-file FILE | …] [--new-pin-file FILE | …]
    ingam token pin TOKEN --so [--so-pin-file FILE | …] [--new-pin-file FILE | …]
help-token-pin-examples =
    ingam token pin token
    ingam token pin token:company --so
help-token-pin-so = Change the SO PIN
help-token-unlock = Sets a new PIN with the SO PIN: one that is locked, forgotten or not set yet.
help-token-unlock-usage = ingam token unlock TOKEN [--so-pin-file FILE | …] [--new-pin-file FILE | …]
help-token-unlock-examples =
    ingam token unlock token:company
help-token-reset = Erases everything on a token and gives it a new PIN. It needs the token's own SO PIN.
help-token-reset-usage = ingam token reset TOKEN [--label NAME] [--so-pin-file FILE | …] [--new-pin-file FILE | …]
help-token-reset-examples =
    ingam token reset token:company
    ingam token reset token:company --yes --so-pin-file so --new-pin-file pin
help-token-reset-label = Another name for the token
help-token-reset-label-value = NAME
help-token-relabel = Changes what a certificate and its keys are called on their token.
help-token-relabel-usage = ingam token relabel CERT --label NAME [--medium TOKEN] [--pin-file FILE | …]
help-token-relabel-examples =
    ingam token relabel hong --label "hong 2027"
help-token-relabel-label = The new name
help-token-relabel-label-value = NAME
help-arg-pin-fd = Read the PIN from this file descriptor
help-arg-pin-fd-value = N
help-arg-pin-file = Read the PIN from this file (readable by its owner only)
help-arg-pin-file-value = FILE
help-arg-pin-env = Read the PIN from this environment variable (less safe than a file)
help-arg-pin-env-value = VAR
help-arg-so-pin-fd = Read the SO PIN from this file descriptor
help-arg-so-pin-fd-value = N
help-arg-so-pin-file = Read the SO PIN from this file (readable by its owner only)
help-arg-so-pin-file-value = FILE
help-arg-so-pin-env = Read the SO PIN from this environment variable (less safe than a file)
help-arg-so-pin-env-value = VAR
help-arg-new-pin-fd = Read the new PIN from this file descriptor
help-arg-new-pin-fd-value = N
help-arg-new-pin-file = Read the new PIN from this file (readable by its owner only)
help-arg-new-pin-file-value = FILE
help-arg-new-pin-env = Read the new PIN from this environment variable (less safe than a file)
help-arg-new-pin-env-value = VAR
