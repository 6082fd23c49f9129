#!/bin/sh
# Installs Debian 13 with the servers' packages, given after the first argument, under the folder that is the first.
# Run as root by `cargo xtask test --servers trixie`.
set -eu

folder=$1
shift
# Half an installation is never taken for a whole one.
unfinished="$folder.unfinished"

mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1)
if [ -z "$mirror" ]; then
    echo "apt's sources name no mirror of Debian" >&2
    exit 1
fi

rm -rf --one-file-system "$unfinished"
debootstrap --variant=minbase trixie "$unfinished" "$mirror"

# The programs only: nothing is started, and no cluster is made.
printf '#!/bin/sh\nexit 101\n' >"$unfinished/usr/sbin/policy-rc.d"
chmod 755 "$unfinished/usr/sbin/policy-rc.d"
mkdir -p "$unfinished/etc/postgresql-common/createcluster.d"
echo 'create_main_cluster = false' >"$unfinished/etc/postgresql-common/createcluster.d/chipin.conf"

inside() {
    chroot "$unfinished" env DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@"
}
inside apt-get -y -q --no-install-recommends -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-unsafe-io install "$@"
inside apt-get clean
rm -rf "$unfinished"/var/lib/apt/lists/*
# Names resolve without a server; the machine's list may be another's.
printf '127.0.0.1\tlocalhost\n::1\tlocalhost\n' >"$unfinished/etc/hosts"
mv "$unfinished" "$folder"
