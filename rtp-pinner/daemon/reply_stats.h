/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reply_stats.h - what `statistics' and `node info' tell
 *
 * statistics has rtpengine's keys; what this relay has no notion of (kernel,
 * transcoding, foreign sessions) is 0.
 */
#ifndef DAEMON_REPLY_STATS_H
#define DAEMON_REPLY_STATS_H

#include "rtp-pinner/daemon/pinner.h"
#include "rtp-pinner/ng/dict.h"

void reply_statistics(const struct pinner *p, struct ng_dict *reply,
		      uint64_t now_ms);
void reply_node_info(const struct pinner *p, struct ng_dict *reply,
		     uint64_t now_ms);

#endif
