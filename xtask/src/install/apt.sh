#!/bin/sh
# Installs the packages given as arguments. Run as root by `cargo xtask`.
#
# Debian's packages start their servers and enable them for the next boot. Only
# the programs are needed: trying Chipin must not leave servers that listen on
# the machine's ports.
set -eu

policy=/usr/sbin/policy-rc.d
cluster=/etc/postgresql-common/createcluster.d/chipin.conf

tidy_up() {
    if grep -qs 'made by chipin' "$policy"; then rm -f "$policy"; fi
    rm -f "$cluster"
    rmdir --ignore-fail-on-non-empty -p "$(dirname "$cluster")" 2>/dev/null || true
}
trap tidy_up EXIT
trap 'exit 130' INT TERM HUP

if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\n# made by chipin for the time of an installation\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi
mkdir -p "$(dirname "$cluster")"
echo 'create_main_cluster = false' >"$cluster"

# Servers that are already enabled were installed before, so they stay enabled.
units='postgresql.service rabbitmq-server.service redis-server.service epmd.service epmd.socket'
enabled_before=''
if command -v systemctl >/dev/null; then
    for unit in $units; do
        if systemctl is-enabled --quiet "$unit" 2>/dev/null; then enabled_before="$enabled_before $unit "; fi
    done
fi

export DEBIAN_FRONTEND=noninteractive
get() {
    apt-get -y -q --no-install-recommends \
        -o DPkg::Lock::Timeout=600 \
        -o Dpkg::Use-Pty=0 \
        -o Dpkg::Options::=--force-confdef \
        -o Dpkg::Options::=--force-confold \
        -o Dpkg::Options::=--force-unsafe-io \
        "$@"
}

if ! ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1; then get update; fi
# Outdated package lists name versions that no longer exist: update them and try again.
get install "$@" || { get update && get install "$@"; }

if command -v systemctl >/dev/null; then
    for unit in $units; do
        case "$enabled_before" in
        *" $unit "*) ;;
        *) systemctl disable --quiet "$unit" 2>/dev/null || true ;;
        esac
    done
fi
