#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1
request tel INVITE "tel:+49-30-1234567"
raw tel tel
expect_redirect tel fra1 '\+49-30-1234567' '' ';user=phone'
request context INVITE "tel:7042;phone-context=example.com"
raw context context
expect_redirect context fra1 '7042;phone-context=example\.com' '' ';user=phone'
ok "sip:number@node;user=phone"
