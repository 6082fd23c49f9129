#!/bin/sh
# Usage: trixie.sh FOLDER PACKAGE...
# Installs Debian 13 with the packages in the folder. Run as root by `cargo xtask test --servers trixie`.
set -eu

folder=$1
shift
# Renamed at the end, so that an incomplete installation is never used.
unfinished="$folder.unfinished"

mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1)
if [ -z "$mirror" ]; then
    echo "apt's sources contain no Debian mirror" >&2
    exit 1
fi

rm -rf --one-file-system "$unfinished"
debootstrap --variant=minbase trixie "$unfinished" "$mirror"

# Install only the programs: start no server, and create no cluster.
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
# Provide a hosts file of its own, because the one copied from the machine may be unsuitable.
printf '127.0.0.1\tlocalhost\n::1\tlocalhost\n' >"$unfinished/etc/hosts"
mv "$unfinished" "$folder"
