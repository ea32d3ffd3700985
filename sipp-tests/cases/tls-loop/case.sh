#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

tls_certificates "$DOMAIN" "fra1.$DOMAIN"
node_start fra1
tls_tunnel 15061 "$SERVICE4:5061" "$DOMAIN"
sipp_uas uas uas.xml
sipp_run uac call-tls.xml "127.0.0.1:5070" 127.0.0.1:15061 -t t1 \
	-key host "fra1.$DOMAIN"
sipp_wait uas
expect_sipp_got uas 'X-Served: fra1 serve names-this-node'
ok "served"
