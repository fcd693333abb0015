#!/bin/bash
# Real rsync binaries of four generations, for the tests that talk to them.
#
#   scripts/setup-peers.sh            set up what is missing, print the list
#   RSYNCJS_PEERS=DIR                 where they live (default: .cache/peers of this repository)
#   RSYNCJS_DEBIAN_MIRROR=URI         the Debian archive to use (default: the one of this machine's apt)
#
# Each Debian suite gets a private apt (own sources, lists, cache and status: the machine's own is neither
# read nor changed); rsync and the libraries it needs are unpacked beside each other, and DIR/VERSION/rsync
# runs the binary with its own suite's loader. Root is not needed. Packages are checked against Debian's
# signatures; a Release file's date is not, because testing renews it weekly and mirrors may be frozen.
set -u

# Suite and version. Security updates may replace a suite's version by a newer upstream one, so the version is
# chosen, not just the newest taken; "newest" takes what the suite has. When a suite has dropped its version,
# RSYNCJS_DEBIAN_MIRROR may name a snapshot of the archive.
PEERS='bullseye=3.2.3 bookworm=3.2.7 trixie=3.4.1 forky=newest'

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${RSYNCJS_PEERS:-$here/.cache/peers}
mkdir -p "$cache" || exit 1
cache=$(cd "$cache" && pwd)
export LC_ALL=C DEBIAN_FRONTEND=noninteractive

# The directory of a suite's peer, when it is there and runs.
ready() {
  local suite=$1 marker dir
  for marker in "$cache"/*/suite; do
    [ -f "$marker" ] && [ "$(cat "$marker")" = "$suite" ] || continue
    dir=${marker%/suite}
    "$dir/rsync" --version >/dev/null 2>&1 && { echo "$dir"; return 0; }
  done
  return 1
}

# apt itself knows both of its source formats: ask it which archives this machine uses.
archives() {
  apt-get indextargets --no-release-info --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' 2>/dev/null | sort -u
}

apt_in() {
  local config=$1/apt.conf
  shift
  APT_CONFIG=$config "$@"
}

# Source lines for one suite: the archive proper, and its security updates where they exist.
write_apt() {
  local dir=$1 suite=$2 keyring=$3
  mkdir -p "$dir"/{etc/apt.conf.d,etc/preferences.d,state/lists/partial,cache/archives/partial,debs}
  : >"$dir/state/status"
  {
    echo "deb [signed-by=$keyring] $main_archive $suite main"
    case $suite in
      forky) ;;
      *) echo "deb [signed-by=$keyring] $security_archive $suite-security main" ;;
    esac
  } >"$dir/sources.list"
  cat >"$dir/apt.conf" <<CONF
Dir::Etc "$dir/etc";
Dir::Etc::sourcelist "$dir/sources.list";
Dir::Etc::sourceparts "-";
Dir::State "$dir/state";
Dir::State::status "$dir/state/status";
Dir::Cache "$dir/cache";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "srcpkgcache.bin";
Dir::Etc::netrc "/etc/apt/auth.conf";
Dir::Etc::netrcparts "/etc/apt/auth.conf.d";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Check-Valid-Until "false";
Acquire::Check-Date "false";
Acquire::Retries "3";
CONF
  # the machine's proxy and certificates decide whether an archive can be reached at all
  apt-config dump 2>/dev/null | grep -E '^Acquire::https?::' >>"$dir/apt.conf"
  return 0
}

# The newest package version of rsync in the suite that is of this upstream version.
package_version() {
  local dir=$1 expected=$2 pattern
  pattern="^${expected//./\\.}[-+~]"
  [ "$expected" = newest ] && pattern=.
  apt_in "$dir" apt-cache madison rsync 2>/dev/null | cut -d'|' -f2 | tr -d ' ' | grep -E "$pattern" | head -n 1
}

# A machine older than a suite does not know its key; the newest suite that does verify carries a keyring.
newer_keyring() {
  local dir=$1 suite
  for suite in trixie bookworm bullseye; do
    write_apt "$dir/$suite" "$suite" "$keyring"
    apt_in "$dir/$suite" apt-get update >"$dir/$suite/log" 2>&1
    (cd "$dir/$suite/debs" && apt_in "$dir/$suite" apt-get download debian-archive-keyring >>"$dir/$suite/log" 2>&1) || continue
    dpkg-deb -x "$dir/$suite"/debs/debian-archive-keyring_*.deb "$dir/$suite/root" || continue
    find "$dir/$suite/root" \( -type f -o -type l \) -name 'debian-archive-keyring.*' -path '*/keyrings/*' | sort | head -n 1
    return 0
  done
  return 1
}

# rsync and, package by package, the libraries that its dependencies name.
download() {
  local dir=$1 queue=("rsync=$2") seen=' ' name deb depends
  while [ ${#queue[@]} -gt 0 ]; do
    name=${queue[0]}
    queue=("${queue[@]:1}")
    case $seen in *" $name "*) continue ;; esac
    seen="$seen$name "
    (cd "$dir/debs" && apt_in "$dir" apt-get download "$name") || {
      case $name in rsync=*) return 1 ;; esac
      continue # a virtual package; a library really missing shows when the peer is run
    }
    deb=$(ls "$dir/debs/${name%%=*}"_*.deb | head -n 1)
    dpkg-deb -x "$deb" "$dir/root" || return 1
    depends=$(dpkg-deb -f "$deb" Pre-Depends Depends | sed 's/^[A-Za-z-]*: //' | tr ',' '\n' |
      sed 's/|.*//; s/(.*//; s/:any//; s/[[:space:]]//g' | grep -E '^(lib|zlib)' || true)
    for name in $depends; do queue+=("$name"); done
  done
}

write_wrapper() {
  local dir=$1 loader libraries='' gconv path
  loader=$(find "$dir/root" -type f -name 'ld-*.so*' | sort | head -n 1)
  [ -n "$loader" ] || { echo 'no dynamic loader in its C library package'; return 1; }
  chmod +x "$loader"
  for path in "$dir"/root/lib/*-linux-gnu* "$dir"/root/usr/lib/*-linux-gnu* "$dir"/root/lib "$dir"/root/usr/lib; do
    [ -d "$path" ] && libraries="$libraries${libraries:+:}$path"
  done
  gconv=$(find "$dir/root" -type d -name gconv | sort | head -n 1)
  {
    echo '#!/bin/sh'
    echo '# rsync with the loader and the libraries of its own Debian suite'
    [ -n "$gconv" ] && echo "GCONV_PATH='$gconv'; export GCONV_PATH"
    # Before glibc 2.33 the loader cannot set argv[0]; rsync then sees the binary's path, which it ignores.
    if "$loader" --help 2>/dev/null | grep -q -- --argv0; then
      echo "exec '$loader' --argv0 \"\$0\" --library-path '$libraries' '$dir/root/usr/bin/rsync' \"\$@\""
    else
      echo "exec '$loader' --library-path '$libraries' '$dir/root/usr/bin/rsync' \"\$@\""
    fi
  } >"$dir/rsync"
  chmod +x "$dir/rsync"
}

# A peer that prints its version but cannot copy is no peer.
copies() {
  local dir=$1 try
  try=$(mktemp -d "$cache/.try.XXXXXX") || return 1
  mkdir "$try/a" && echo content >"$try/a/file" && ln -s file "$try/a/link" &&
    "$dir/rsync" -a "$try/a/" "$try/b/" && cmp -s "$try/a/file" "$try/b/file" && [ "$(readlink "$try/b/link")" = file ]
  local result=$?
  rm -rf "$try"
  return $result
}

set_up() {
  local suite=$1 expected=$2 work=$cache/.work.$1 version package newer
  rm -rf "$work"
  mkdir -p "$work"
  write_apt "$work" "$suite" "$keyring"
  apt_in "$work" apt-get update || true # one archive of the two may lack the suite
  package=$(package_version "$work" "$expected")
  if [ -z "$package" ]; then
    newer=$(newer_keyring "$work/keys") && write_apt "$work" "$suite" "$newer" && apt_in "$work" apt-get update
    package=$(package_version "$work" "$expected")
  fi
  if [ -z "$package" ]; then
    echo "suite $suite of $main_archive has no rsync $expected; it has:"
    apt_in "$work" apt-cache madison rsync
    return 1
  fi
  download "$work" "$package" || return 1
  write_wrapper "$work" || return 1
  version=$("$work/rsync" --version | sed -n '1s/^rsync *version *v*\([0-9][0-9.]*\).*/\1/p')
  [ -n "$version" ] || { echo 'the binary does not run'; return 1; }
  copies "$work" || { echo 'the binary does not copy'; return 1; }
  rm -rf "$work"/{debs,cache,state,etc,keys,sources.list,apt.conf} "$work"/root/usr/share
  rm -rf "${cache:?}/$version"
  mv "$work" "$cache/$version" && write_wrapper "$cache/$version" || return 1
  echo "$suite" >"$cache/$version/suite"
}

# one setup at a time, also when several test runs start together
exec 9>"$cache/.lock" && flock 9

missing=()
for peer in $PEERS; do
  ready "${peer%%=*}" >/dev/null || missing+=("$peer")
done

if [ ${#missing[@]} -gt 0 ]; then
  for tool in apt-get dpkg-deb; do
    command -v $tool >/dev/null || { echo "setup-peers: $tool not found: the peers come from Debian packages" >&2; exit 1; }
  done
  suites='bullseye|bookworm|trixie|forky|duke|stable|oldstable|testing|unstable|sid'
  main_archive=${RSYNCJS_DEBIAN_MIRROR:-$(archives | grep -E " ($suites)\$" | head -n 1 | cut -d' ' -f1)}
  [ -n "$main_archive" ] || { echo 'setup-peers: no Debian archive in the apt sources; set RSYNCJS_DEBIAN_MIRROR' >&2; exit 1; }
  main_archive=${main_archive%/}
  security_archive=$(archives | grep -E " ($suites)-security\$" | head -n 1 | cut -d' ' -f1)
  security_archive=${security_archive:-$main_archive-security}
  keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  [ -f "$keyring" ] || keyring=${keyring%.gpg}.pgp
  for peer in "${missing[@]}"; do
    set_up "${peer%%=*}" "${peer#*=}" >"$cache/.log.${peer%%=*}" 2>&1 9>&- &
  done
  wait
fi

status=0
for peer in $PEERS; do
  suite=${peer%%=*}
  if dir=$(ready "$suite"); then
    echo "rsync ${dir##*/} ($suite): $dir/rsync"
    rm -rf "$cache/.log.$suite"
  else
    status=1
    echo "rsync ${peer#*=} ($suite): FAILED" >&2
    tail -n 15 "$cache/.log.$suite" 2>/dev/null | sed 's/^/  /' >&2
  fi
done
exit $status
