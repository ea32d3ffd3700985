/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anycast_fast.h - a plain INVITE answered before the host parses it
 *
 * Most of what a redirect costs is the host's: its parser and its script.  The
 * host offers every UDP datagram to one module first.  Taken is only what is
 * plain (plain.h), comes to a service address, has no transaction in tm and is
 * to be redirected; all else is left as it came, and decided again by
 * anycast_sip_redirect() as if nothing had been looked at.
 */
#ifndef KAMAILIO_MODULE_ANYCAST_FAST_H
#define KAMAILIO_MODULE_ANYCAST_FAST_H

#include "kamailio-module/anycast_sip.h"

/* Take the host's hook, in mod_init.  0, or -1 when another module has it. */
int anycast_fast_init(const struct anycast_env *env);

#endif
