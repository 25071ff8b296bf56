#!/usr/bin/env bash
# Shows that an archive of `make dist` runs where there is no Swift: in a root of another Debian.
#   check_dist.sh ARCHIVE SUITE [MODEL.gguf ADAPTER]    such as: dist/sparrow-….tar.gz trixie
# As root, with debootstrap and python3. The root has the base of the suite and curl, and no /proc.
# With a model and its adapter the demo runs there too.
set -euo pipefail
archive=$(realpath "$1")
suite=$2
here=$(cd "$(dirname "$0")/.." && pwd)
root=$here/.build/roots/$suite
if [ ! -e "$root/etc/debian_version" ]; then
  debootstrap --variant=minbase --include=curl "$suite" "$root"
fi
(cd "$(dirname "$archive")" && sha256sum --check "$(basename "$archive").sha256")
rm -rf "$root/usr/local" "$root/trial"
mkdir -p "$root/usr/local" "$root/trial"
tar --extract --file "$archive" --directory "$root/usr/local" --strip-components 1

inside() { chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/local/bin:/usr/bin:/bin "$@"; }
echo "Debian $(cat "$root/etc/debian_version"), $(inside ldd --version | head -1)"
if inside which swift; then
  echo "a root with Swift shows nothing" >&2
  exit 1
fi
inside ldd /usr/local/bin/sparrow
inside sparrow --version

# A model comes from a server on this machine, its hash checked.
tiny=$here/Tests/Fixtures/gguf/llama3.gguf
port=$((20000 + RANDOM % 20000))
python3 -m http.server --bind 127.0.0.1 --directory "$(dirname "$tiny")" "$port" 2>/dev/null &
server=$!
trap 'kill $server' EXIT
until curl --silent --head "http://127.0.0.1:$port/" >/dev/null; do
  kill -0 $server
  sleep 0.1
done
url="http://127.0.0.1:$port/llama3.gguf#sha256=$(sha256sum "$tiny" | cut -d ' ' -f 1)"
path=$(inside sparrow pull "$url")
inside sparrow info "$path"
if [ $# -ge 4 ]; then
  cp "$3" "$root/trial/model.gguf"
  cp -r "$4" "$root/trial/adapter"
  cp "$here/Data/calibration.txt" "$here/Data/heldout.txt" "$root/trial"
  inside sparrow generate /trial/model.gguf --prompt "The sparrow is" --max-tokens 16
  inside sparrow demo /trial/model.gguf --adapter /trial/adapter --text /trial/calibration.txt \
    --held-out /trial/heldout.txt
fi
echo "runs on $suite"
