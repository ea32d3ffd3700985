#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

tls_certificates "$DOMAIN" "fra1.$DOMAIN"
node_start fra1

# The service, by the name the client was configured with.
tls_tunnel 15061 "$SERVICE4:5061" "$DOMAIN"
SRC=127.0.0.1:5060 DST=127.0.0.1:15061 PROTO=tcp VIA_PROTO=TLS
request plain INVITE "sip:bob@$DOMAIN;transport=tls"
raw plain plain
expect_status plain 302
expect_header plain "Contact: <sip:bob@fra1.$DOMAIN:5061;transport=tls>"
request sips INVITE "sips:bob@$DOMAIN"
raw sips sips
expect_status sips 302
expect_header sips "Contact: <sips:bob@fra1.$DOMAIN:5061>"

# The node, verified by the name in that Contact.
host=$(header_of sips Contact | sed 's/.*@\(.*\):5061.*/\1/')
tls_tunnel 15062 "${NODE4[fra1]}:5061" "$host"
sipp_uas uas uas.xml
sipp_run uac call-tls.xml "127.0.0.1:5070" 127.0.0.1:15062 -t t1 -key host "$host"
sipp_wait uas
expect_sipp_got uas 'X-Served: fra1 serve not-service-address'
ok "redirected and served under verified names"

# That the names are verified at all.
tls_tunnel 15063 "${NODE4[fra1]}:5061" "${NODE4[fra1]}"
DST=127.0.0.1:15063
request refused OPTIONS "sip:$DOMAIN"
RAW_WANT=2 raw refused refused
expect_messages refused 0
ok "the certificate does not name the address"
