#!/usr/bin/env bash
# Makes the program that runs without Swift, stripped, with what belongs to it, and packs it:
#   dist.sh FOLDER
# FOLDER/sparrow-VERSION-SYSTEM-MACHINE.tar.gz with its .sha256, and unpacked FOLDER/root.
# Linux only. SWIFT names the compiler's driver.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
swift=${SWIFT:-swift}
build=$here/.build/dist
cd "$here"

# The linker takes libstdc++ from the first folder that has one: here, without the shared library.
mkdir -p "$build/libraries"
library=$("$(dirname "$(command -v "$swift")")/clang" -print-file-name=libstdc++.a)
[ -f "$library" ] || { echo "no libstdc++.a; install libstdc++'s development files" >&2; exit 1; }
ln -sf "$library" "$build/libraries/libstdc++.a"
# lld keeps no symbol that only dropped code asks for: with others the program wants a newer glibc.
flags=(-c release --traits Server --scratch-path "$build" --static-swift-stdlib -Xlinker "-L$build/libraries"
  -Xswiftc -Xclang-linker -Xswiftc -static-libgcc -Xswiftc -use-ld=lld)
"$swift" build "${flags[@]}" --product sparrow
"$swift" build "${flags[@]}" --product generate-manual
program=$build/release/sparrow

# The same commit gives the same archive.
commit_time=$(git log -1 --format=%ct 2>/dev/null || date +%s)
root=$out/root
rm -rf "$root"
install -D -m 755 "$program" "$root/bin/sparrow"
strip "$root/bin/sparrow"
share=$root/share
mkdir -p "$share/man/man1" "$share/bash-completion/completions" "$share/zsh/site-functions" \
  "$share/fish/vendor_completions.d" "$share/doc/sparrow"
"$build/release/generate-manual" "$root/bin/sparrow" --output-directory "$share/man/man1" \
  --date "$(date -u -d "@$commit_time" +%F)"
completion() { "$root/bin/sparrow" --generate-completion-script "$1" > "$share/$2"; }
completion bash bash-completion/completions/sparrow
completion zsh zsh/site-functions/_sparrow
completion fish fish/vendor_completions.d/sparrow.fish
install -m 644 LICENSE NOTICE "$share/doc/sparrow"
install -m 644 "$build/checkouts/swift-argument-parser/LICENSE.txt" \
  "$share/doc/sparrow/LICENSE-swift.txt"
for package in hummingbird swift-http-types swift-log swift-metrics swift-nio swift-nio-extras \
  swift-service-context swift-service-lifecycle; do
  install -m 644 "$build/checkouts/$package/NOTICE.txt" "$share/doc/sparrow/NOTICE-$package.txt"
done

system=$(uname -s | tr '[:upper:]' '[:lower:]')
name=sparrow-$("$root/bin/sparrow" --version)-$system-$(uname -m)
tar --create --directory "$out" --sort=name --owner=0 --group=0 --numeric-owner \
  --mtime="@$commit_time" --transform "s,^root,$name," root | gzip -9n > "$out/$name.tar.gz"
(cd "$out" && sha256sum "$name.tar.gz" > "$name.tar.gz.sha256")
echo "$out/$name.tar.gz"
