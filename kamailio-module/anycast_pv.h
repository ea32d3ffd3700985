/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anycast_pv.h - $anycast(node|state|action|reason|stray) */
#ifndef KAMAILIO_MODULE_ANYCAST_PV_H
#define KAMAILIO_MODULE_ANYCAST_PV_H

#include "core/pvar.h"

int anycast_pv_parse_name(pv_spec_t *spec, str *name);
int anycast_pv_get(struct sip_msg *msg, pv_param_t *param, pv_value_t *res);

#endif
