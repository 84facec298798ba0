#!/bin/sh
# Makes .env of .env.example: every empty secret gets a random value. An .env that is there stays as it is.
set -eu
cd "$(dirname "$0")"
if [ -e .env ]; then
    echo "There is an .env already: nothing was changed." >&2
    exit 1
fi
umask 077
while IFS= read -r line || [ -n "$line" ]; do
    case "$line" in
        FINTWIN_MASTER_KEY= | FINTWIN_SIGNING_KEY=) line="$line$(head -c 32 /dev/urandom | base64)" ;;
        *_PASSWORD= | JWT_SECRET= | FINTWIN_SERVICE_TOKEN=) line="$line$(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n')" ;;
    esac
    printf '%s\n' "$line"
done <.env.example >.env.new
mv .env.new .env
echo "Wrote .env. Keep a copy of FINTWIN_MASTER_KEY elsewhere."
