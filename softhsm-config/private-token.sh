#!/bin/sh
# private-token.sh DIR LABEL PIN [SO-PIN]: a SoftHSM token in a folder of its own, made unless it is there. Prints the variable
# that selects it. Without SO-PIN the PIN is the SO PIN as well.
# For tests only: softhsm2-util takes PINs as arguments, which every user of the machine can read while it runs.
# `ingam token init --softhsm` takes them from files, descriptors or a prompt.
set -eu
umask 077
mkdir -p "$1/tokens"
folder=$(cd "$1" && pwd)
SOFTHSM2_CONF=$folder/softhsm2.conf
export SOFTHSM2_CONF
if [ ! -e "$SOFTHSM2_CONF" ]; then
    { grep -v '^directories.tokendir' "$(dirname "$0")/softhsm2.conf"; echo "directories.tokendir = $folder/tokens"; } \
        >"$folder/softhsm2.conf.new"
    mv "$folder/softhsm2.conf.new" "$SOFTHSM2_CONF"
fi
if ! softhsm2-util --show-slots | sed -n 's/^ *Label: *//p' | sed 's/ *$//' | grep -Fqx -- "$2"; then
    softhsm2-util --init-token --free --label "$2" --so-pin "${4-$3}" --pin "$3" >/dev/null
fi
echo "SOFTHSM2_CONF=$SOFTHSM2_CONF"
