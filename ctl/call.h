/* SPDX-License-Identifier: GPL-2.0-or-later */
/* call.h - between calls.c (all of them) and call.c (one) */
#ifndef CTL_CALL_H
#define CTL_CALL_H

#include <jansson.h>

/* Seconds since 1970, as the pinner counts them. */
long long call_now(void);

/* Why a side of the call is silent, of the reply to a query; NULL: none is. */
const char *call_why(json_t *call);

/* A reply as it came, indented.  CTL_OK, or CTL_FAILURE, complaint made. */
int ctl_print_json(const json_t *value);

#endif
