#!/bin/sh
# Draws the passwords and keys that compose.yaml needs and keeps them in .env, which only its owner may read. Run it before
# the first `docker compose up`, and after an upgrade: it adds what is missing, and changes nothing.
set -eu
cd "$(dirname "$0")/.."
umask 077
touch .env
chmod 600 .env
for name in $(grep -o '[$]{[A-Z_]*:?' compose.yaml | tr -d '${:?' | sort -u); do
    grep -q "^$name=" .env || printf '%s=%s\n' "$name" "$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')" >> .env
done
