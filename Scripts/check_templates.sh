#!/bin/sh
# Checks published chat templates against transformers' Jinja over many conversations, and that no text of a user
# becomes a control token through them.
#
# Usage: Scripts/check_templates.sh FOLDER-OF-JINJA-FILES
# Needs: pip install jinja2 transformers; PYTHON names the interpreter.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" Scripts/check_templates.py "$1" "$work/cases.json"
SPARROW_TEMPLATE_CASES="$work/cases.json" swift test --disable-xctest -c release -Xcc -O2 \
  -Xswiftc -enable-testing --filter "PublishedTemplateTests|ControlTextTests"
