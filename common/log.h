/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log.h - one line on stderr, with a level
 *
 * For our own programs; inside Kamailio the host's LM_* macros are used.
 * Grammar of a line: `subject: what happened key=value ... (reason)`.  Under
 * systemd (JOURNAL_STREAM set) lines carry its <N> priority prefix, elsewhere
 * the level's name.  No timestamps: the journal has them.
 *
 * Nobody waits for who reads them: what finds no room is lost, and the next
 * line that does is preceded by how many that were.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

enum log_level {
	LOG_LEVEL_ERR,		/* someone must act */
	LOG_LEVEL_WARN,		/* degraded, still serving */
	LOG_LEVEL_INFO,		/* rare state changes */
	LOG_LEVEL_DEBUG,	/* per call */
};

/* Lines above this level are not even formatted.  Default LOG_LEVEL_INFO. */
void log_set_level(enum log_level most);

void log_line(enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#define log_err(...) log_line(LOG_LEVEL_ERR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
