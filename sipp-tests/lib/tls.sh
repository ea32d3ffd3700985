# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# tls.sh - a certificate authority of the case's own, and clients that verify

# tls_certificates NAME...: one server certificate for these DNS names, for
# every node started from now on
tls_certificates() {
	local dir=$W/tls names
	mkdir -p "$dir"
	names=$(printf 'DNS:%s,' "$@")
	{
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
			-nodes -days 2 -subj "/CN=CA of $CASE" \
			-keyout "$dir/ca.key" -out "$dir/ca.pem"
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
			-nodes -subj "/CN=$1" \
			-keyout "$dir/node.key" -out "$dir/node.csr"
		openssl x509 -req -in "$dir/node.csr" -days 2 \
			-CA "$dir/ca.pem" -CAkey "$dir/ca.key" -CAcreateserial \
			-extfile <(echo "subjectAltName=${names%,}") \
			-out "$dir/node.pem"
	} >"$dir/openssl.log" 2>&1
	allow_log 'openssl bug #1491'	# what Kamailio says about any OpenSSL
	allow_log 'set maximum pthreads key to'	# 6.0 says it at every start
	cat >"$W/tls.cfg" <<-END
	[server:default]
	method = TLSv1.2+
	private_key = $dir/node.key
	certificate = $dir/node.pem
	verify_certificate = no
	[client:default]
	method = TLSv1.2+
	ca_list = $dir/ca.pem
	verify_certificate = yes
	END
}

# tls_tunnel PORT ADDR:PORT NAME: TCP to 127.0.0.1:PORT comes out as TLS at
# ADDR:PORT, if the certificate there is valid for NAME
tls_tunnel() {
	socat "TCP4-LISTEN:$1,bind=127.0.0.1,fork,reuseaddr" \
		"OPENSSL:$2,verify=1,cafile=$W/tls/ca.pem,commonname=$3,snihost=$3" \
		>>"$W/tls/tunnel-$1.log" 2>&1 </dev/null &
	until_ok 10 tls_tunnel_up "$1"
}

tls_tunnel_up() { ss -Hlnt "src = 127.0.0.1:$1" | grep . >/dev/null; }
