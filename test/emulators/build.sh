#!/bin/sh
# Builds the servers that stand in for Google Cloud and S3 in tests, once for each version of their sources, and prints
# the folder that has them. With --there: only says where they are, exit 1 where they were not built.
set -eu
cd "$(dirname "$0")"
sources=$(cat go.mod go.sum */main.go | sha256sum | cut -c1-12)
folder="${XDG_CACHE_HOME:-$HOME/.cache}/winnow-test/emulators-$sources"

# Debian's Go is older than go.mod wants, and too old to fetch another by itself. That comes as a module, too.
newer_go() {
  wanted=$(sed -n 's/^go //p' go.mod)
  module="golang.org/toolchain@v0.0.1-go$wanted.$(go env GOOS)-$(go env GOARCH)"
  (cd / && go mod download "$module")
  GOROOT="$(go env GOMODCACHE)/$module"
  chmod -R u+w,a+x "$GOROOT/bin" "$GOROOT/pkg/tool"
  export GOROOT PATH="$GOROOT/bin:$PATH"
}

if [ ! -x "$folder/fake-gcs-server" ]; then
  [ "${1:-}" != --there ] || exit 1
  PATH="$PATH:/usr/local/go/bin"
  case "$(cd / && go env GOVERSION)" in go1.1[0-9]* | go1.20*) newer_go ;; esac
  mkdir -p "$folder"
  go build -o "$folder/" ./pstest ./s3 github.com/fsouza/fake-gcs-server >&2
fi
echo "$folder"
