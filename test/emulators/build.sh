#!/bin/sh
# Builds the servers that stand in for Google Cloud and S3 in tests, and fetches bodies that hosts of git have sent, once for
# each version of the sources, and prints the folder that has them. With --there: only says where they are, exit 1 where they were not built.
set -eu
cd "$(dirname "$0")"
sources=$(cat build.sh go.mod go.sum */main.go | sha256sum | cut -c1-12)
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

# What a module has in a folder, to be read by tests; its sum stands here, as it would in go.sum. (MIT and Apache 2.0.)
recorded() {
  module=$1 sum=$2 from=$3 to=$4
  answer=$(cd / && GONOSUMDB='*' go mod download -json "$module")
  case "$answer" in
    *"\"Sum\": \"$sum\""*) ;;
    *) echo "$module is not what it was when its sum was written down" >&2 && exit 1 ;;
  esac
  mkdir -p "$folder/recorded/$to"
  cp -R "$(echo "$answer" | sed -n 's/.*"Dir": "\(.*\)",.*/\1/p')/$from/." "$folder/recorded/$to"
  chmod -R u+w "$folder/recorded"
}

if [ ! -x "$folder/fake-gcs-server" ]; then
  [ "${1:-}" != --there ] || exit 1
  PATH="$PATH:/usr/local/go/bin"
  case "$(cd / && go env GOVERSION)" in go1.1[0-9]* | go1.20*) newer_go ;; esac
  mkdir -p "$folder"
  recorded github.com/go-playground/webhooks/v6@v6.4.0 h1:KLa6y7bD19N48rxJDHM0DpE3T4grV7GxMy1b/aHMWPY= testdata several
  recorded gitlab.com/gitlab-org/api/client-go@v1.46.0 h1:YxBWFZIFYKcGESCb9fpkwzouo+apyB9pr/XTWzNoL24= testdata/webhooks gitlab
  go build -o "$folder/" ./pstest ./s3 github.com/fsouza/fake-gcs-server >&2
fi
echo "$folder"
