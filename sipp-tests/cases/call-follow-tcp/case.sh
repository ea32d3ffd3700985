#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1
sipp_uas uas uas.xml
# Two SIPp and one call: SIPp 3.7 no longer changes a TCP destination.
one=(-t t1 -cid_str "follow-tcp@$CLIENT4")
sipp_run redirected redirected.xml "$CLIENT4:5070" "$SERVICE4:5060" "${one[@]}"
contact=$(sipp_received redirected |
	sed -n 's/^Contact: <sip:bob@\(.*\);transport=tcp>$/\1/p')
expect_equal "where it is sent" "${NODE4[fra1]}:5060" "$contact"
sipp_run uac follows.xml "$CLIENT4:5071" "$contact" "${one[@]}" \
	-key host "${contact%:*}" -key port "${contact##*:}"
sipp_wait uas
expect_sipp_got uas 'X-Served: fra1 serve not-service-address'
ok "the same over TCP"
