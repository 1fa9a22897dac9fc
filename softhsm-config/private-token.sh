#!/bin/sh
# private-token.sh DIR LABEL PIN: a SoftHSM token in a folder of its own. The PIN is the SO PIN as well: for tests only.
set -eu
mkdir -p "$1/tokens"
cat >"$1/softhsm2.conf" <<END
directories.tokendir = $1/tokens
objectstore.backend = file
log.level = ERROR
END
SOFTHSM2_CONF=$1/softhsm2.conf softhsm2-util --init-token --free --label "$2" --so-pin "$3" --pin "$3" >/dev/null
echo "SOFTHSM2_CONF=$1/softhsm2.conf"
