#!/bin/sh
# Starts the broker with the users of definitions.json, whose passwords are in the environment. They are no arguments of any
# process, and the file is in memory.
set -eu
umask 077
awk '{
    while (match($0, /[$][{][A-Z_]+[}]/)) {
        name = substr($0, RSTART + 2, RLENGTH - 3)
        if (ENVIRON[name] == "") { print name " is not set" > "/dev/stderr"; exit 1 }
        $0 = substr($0, 1, RSTART - 1) ENVIRON[name] substr($0, RSTART + RLENGTH)
    }
    print
}' /definitions.json > /tmp/definitions.json
if [ "$(id -u)" = 0 ]; then
    chown rabbitmq /tmp/definitions.json
fi
exec docker-entrypoint.sh rabbitmq-server
