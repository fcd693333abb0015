#!/bin/bash
# Real rsync binaries of four generations, for the tests that talk to them.
#
#   scripts/setup-peers.sh            set up what is missing, print the list
#   RSYNCJS_PEERS=DIR                 where they live (default: .cache/peers of this repository)
#   RSYNCJS_DEBIAN_MIRROR=URI         the Debian archive to use (default: the one of this machine's apt)
#
# Each Debian suite gets a private apt (own sources, lists, cache and status: the machine's own is neither
# read nor changed); rsync and the libraries it needs are unpacked beside each other, and DIR/VERSION/rsync
# runs the binary with its own suite's loader. DIR/VERSION/rrsync is that suite's rrsync, which starts that rsync.
# Root is not needed. Packages are checked against Debian's signatures; a Release file's date is not, because testing
# renews it weekly and mirrors may be frozen.
set -u

# Suite and the version wished for. Security updates replace a suite's version by a newer upstream one, so the version
# is chosen while some pocket of the archive still has it. Once it is gone the newest of the suite takes its place: the
# tests ask what the binaries are, not for a version. RSYNCJS_DEBIAN_MIRROR may name a snapshot of the archive.
PEERS='bullseye=3.2.3 bookworm=3.2.7 trixie=3.4.1 forky=newest'
# The suite that stands in, with its newest, for one that has left the archive.
SPARE=sid
# Raised when what is kept of a peer changes.
FORM=2

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${RSYNCJS_PEERS:-$here/.cache/peers}
mkdir -p "$cache" || exit 1
cache=$(cd "$cache" && pwd)
export LC_ALL=C DEBIAN_FRONTEND=noninteractive

# The directory of a suite's peer, when it is there and runs.
ready() {
  local suite=$1 marker dir
  for marker in "$cache"/*/suite; do
    [ -f "$marker" ] && [ "$(cat "$marker")" = "$suite $FORM" ] || continue
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

# The suite before this one in the list.
older() {
  local peer before=''
  for peer in $PEERS; do
    [ "${peer%%=*}" = "$1" ] && { echo "$before"; return; }
    before=${peer%%=*}
  done
}

# Source lines for one suite: the archive proper and its security updates; on "wide" the other pockets too, and the
# pockets of the suite before it.
write_sources() {
  local dir=$1 suite=$2 keyring=$3 width=${4:-} before
  source_line() { echo "deb [signed-by=$keyring] $1 $2 main"; }
  {
    source_line "$main_archive" "$suite"
    source_line "$security_archive" "$suite-security"
    if [ "$width" = wide ]; then
      source_line "$main_archive" "$suite-updates"
      source_line "$main_archive" "$suite-backports"
      before=$(older "$suite")
      if [ -n "$before" ]; then
        source_line "$main_archive" "$before"
        source_line "$main_archive" "$before-backports"
        source_line "$security_archive" "$before-security"
      fi
    fi
  } >"$dir/sources.list"
}

write_apt() {
  local dir=$1 suite=$2 keyring=$3
  mkdir -p "$dir"/{etc/apt.conf.d,etc/preferences.d,state/lists/partial,cache/archives/partial,debs}
  : >"$dir/state/status"
  write_sources "$dir" "$suite" "$keyring"
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

# The newest package version of rsync in the sources that is of this upstream version.
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

# rrsync starts the rsync of a fixed path; its manual leaves that path to whoever installs it.
write_rrsync() {
  local dir=$1 script
  script=$(find "$dir/root/usr" -type f -name rrsync | head -n 1)
  [ -n "$script" ] || return 0
  sed -e '1s|^#!/usr/bin/env python3|#!/usr/bin/python3|' -e "s|/usr/bin/rsync|$dir/rsync|" "$script" >"$dir/rrsync"
  chmod +x "$dir/rrsync"
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

# The package to take, "" if there is none. The suite's own newest is looked up first: later the sources are wider.
choose() {
  local work=$1 suite=$2 expected=$3 newest package newer used=$keyring
  apt_in "$work" apt-get update || true # a suite need not have every pocket
  newest=$(package_version "$work" newest)
  if [ -z "$newest" ]; then
    newer=$(newer_keyring "$work/keys") && write_apt "$work" "$suite" "$newer" && apt_in "$work" apt-get update
    used=$newer
    newest=$(package_version "$work" newest)
  fi
  [ -n "$newest" ] || { echo "$main_archive has no rsync in the suite $suite"; return 1; }
  package=$(package_version "$work" "$expected")
  if [ -z "$package" ]; then
    write_sources "$work" "$suite" "$used" wide
    apt_in "$work" apt-get update || true
    package=$(package_version "$work" "$expected")
  fi
  if [ -z "$package" ]; then
    echo "the suite $suite has no rsync $expected any more: $newest is taken"
    apt_in "$work" apt-cache madison rsync
  fi
  chosen=${package:-$newest}
}

# Fetches and tries a peer, in .work.SUITE.
set_up() {
  local suite=$1 expected=$2 work=$cache/.work.$1 chosen=''
  rm -rf "$work"
  mkdir -p "$work"
  write_apt "$work" "$suite" "$keyring"
  choose "$work" "$suite" "$expected" || return 1
  download "$work" "$chosen" || return 1
  write_wrapper "$work" || return 1
  [ -n "$(version_of "$work")" ] || { echo 'the binary does not run'; return 1; }
  copies "$work" || { echo 'the binary does not copy'; return 1; }
  write_rrsync "$work" || return 1
  rm -rf "$work"/{debs,cache,state,etc,keys,sources.list,apt.conf} "$work"/root/usr/share/{doc,locale,man}
  : >"$work/complete"
}

version_of() {
  "$1/rsync" --version | sed -n '1s/^rsync *version *v*\([0-9][0-9.]*\).*/\1/p'
}

# Moves a peer that was set up to its place: VERSION, or VERSION-SUITE beside a peer of another suite with that version.
install_peer() {
  local suite=$1 work=$cache/.work.$1 version marker place
  [ -f "$work/complete" ] || return 1
  version=$(version_of "$work")
  place=$cache/$version
  for marker in "$cache"/*/suite; do # what an earlier run left of this suite
    [ -f "$marker" ] && case $(cat "$marker") in "$suite" | "$suite "*) rm -rf "${marker%/suite}" ;; esac
  done
  [ -f "$place/suite" ] && place=$place-$suite
  rm -rf "$place"
  mv "$work" "$place" && write_wrapper "$place" && write_rrsync "$place" || return 1
  rm -f "$place/complete"
  echo "$suite $FORM" >"$place/suite"
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
  failed=0
  for peer in "${missing[@]}"; do
    install_peer "${peer%%=*}" || failed=$((failed + 1))
  done
  # one spare can stand in for one suite
  if [ $failed -eq 1 ] && ! ready $SPARE >/dev/null; then
    set_up $SPARE newest >"$cache/.log.$SPARE" 2>&1 9>&-
    install_peer $SPARE
  fi
fi

status=0
spare=$(ready $SPARE) || spare=
for peer in $PEERS; do
  suite=${peer%%=*}
  name="rsync ${peer#*=} ($suite)"
  if dir=$(ready "$suite"); then
    note=
    case $(basename "$dir") in "${peer#*=}"*) ;; *) [ "${peer#*=}" = newest ] || note=", in place of ${peer#*=}" ;; esac
    echo "rsync $(version_of "$dir") ($suite$note): $dir/rsync"
    rm -rf "$cache/.log.$suite"
  elif [ -n "$spare" ]; then
    echo "rsync $(version_of "$spare") ($SPARE, in place of $suite): $spare/rsync"
    sed 's/^/  /' "$cache/.log.$suite" 2>/dev/null | tail -n 3
    spare=
  else
    status=1
    echo "$name: FAILED" >&2
    tail -n 15 "$cache/.log.$suite" 2>/dev/null | sed 's/^/  /' >&2
  fi
done
exit $status
