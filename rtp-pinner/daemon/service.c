/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/daemon/service.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <uv.h>

#include "common/clock.h"
#include "common/httpd.h"
#include "common/log.h"
#include "rtp-pinner/daemon/control.h"
#include "rtp-pinner/daemon/metrics.h"
#include "rtp-pinner/daemon/pidfile.h"
#include "rtp-pinner/daemon/pinner.h"

enum {
	SIGNALS = 3,
};

static const int signals[SIGNALS] = { SIGTERM, SIGINT, SIGHUP };

struct service {
	const struct service_args *args;
	struct conf *conf;
	struct pinner *pinner;
	struct control *control;
	struct httpd *metrics;
	uv_loop_t loop;
	uv_timer_t tick;
	uv_timer_t watchdog;
	uv_signal_t signals[SIGNALS];
};

static void on_tick(uv_timer_t *timer)
{
	struct service *s = timer->data;
	uint64_t now_ms = clock_ms();

	pinner_tick(s->pinner, now_ms);
	control_tick(s->control, now_ms);
}

static void on_watchdog(uv_timer_t *timer)
{
	struct service *s = timer->data;

	fdstore_notify(s->args->fds, "WATCHDOG=1");
}

static void report(void *arg, const char *line)
{
	(void)arg;
	log_err("%s", line);
}

static void reload(struct service *s)
{
	struct conf *conf;
	int err = conf_new(&conf, s->args->argc, s->args->argv, report, NULL);

	if (!err) {
		err = conf_take(s->conf, conf);
		if (err)
			log_err("%s has no node %s", conf->site_path,
				s->conf->node_name);
		else
			pinner_take_site(s->pinner);
		conf_free(conf);
	}
	if (err) {
		log_err("reload: nothing is changed");
		return;
	}
	log_info("reload: peers, trusted-proxies and allow are read again");
}

static void on_signal(uv_signal_t *handle, int signum)
{
	struct service *s = handle->data;

	if (signum == SIGHUP)
		reload(s);
	else
		uv_stop(&s->loop);
}

static char *metrics(void *arg)
{
	const struct service *s = arg;

	return metrics_text(s->pinner, clock_ms());
}

static int start_metrics(struct service *s)
{
	int err = httpd_new(&s->metrics, &s->loop, metrics, s);

	for (size_t i = 0; !err && i < s->conf->metrics_cnt; i++) {
		const struct endpoint *at = &s->conf->metrics[i];
		char text[ENDPOINT_TEXT_MAX];

		endpoint_format(text, at);
		err = httpd_listen(s->metrics, at);
		if (err)
			log_err("metrics: cannot listen on %s (%s)", text,
				strerror(err));
		else
			log_info("metrics: http://%s/metrics", text);
	}
	return err;
}

static int start(struct service *s)
{
	uint64_t watchdog_ms = fdstore_watchdog_ms(s->args->fds);
	int err;

	err = pinner_new(&s->pinner, s->conf, s->args->version, s->args->fds,
			 clock_ms());
	if (err)
		return err;
	fdstore_drop_rest(s->args->fds);

	uv_timer_init(&s->loop, &s->tick);
	s->tick.data = s;
	uv_timer_init(&s->loop, &s->watchdog);
	s->watchdog.data = s;
	for (unsigned i = 0; i < SIGNALS; i++) {
		uv_signal_init(&s->loop, &s->signals[i]);
		s->signals[i].data = s;
		err = -uv_signal_start(&s->signals[i], on_signal, signals[i]);
		if (err)
			return err;
	}
	err = start_metrics(s);
	if (!err) /* last: who reaches it may begin */
		err = control_new(&s->control, &s->loop, s->pinner);
	if (err)
		return err;
	uv_timer_start(&s->tick, on_tick, PINNER_TICK_MS, PINNER_TICK_MS);
	if (watchdog_ms)
		uv_timer_start(&s->watchdog, on_watchdog, watchdog_ms,
			       watchdog_ms);
	return 0;
}

static void close_handle(uv_handle_t *handle, void *arg)
{
	(void)arg;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void stop(struct service *s)
{
	control_stop(s->control);
	httpd_stop(s->metrics);
	uv_walk(&s->loop, close_handle, NULL);
	uv_run(&s->loop, UV_RUN_DEFAULT);
	uv_loop_close(&s->loop);
	control_free(s->control);
	httpd_free(s->metrics);
	pinner_free(s->pinner);
}

/* Who finds it finds a relay that works. */
static int tell_pid(const struct conf *conf)
{
	int err = pidfile_write(conf->pid_file);

	if (err)
		log_err("pid-file: %s cannot be written (%s)", conf->pid_file,
			strerror(err));
	return err;
}

int service_run(struct conf *conf, const struct service_args *args)
{
	struct service s = { .args = args, .conf = conf };
	int err = -uv_loop_init(&s.loop);

	if (err) {
		log_err("loop: cannot be set up (%s)", strerror(err));
		return err;
	}
	/* calls are worth more than the log, should its reader be gone */
	signal(SIGPIPE, SIG_IGN);
	err = start(&s);
	if (!err)
		err = tell_pid(conf);
	if (!err) {
		fdstore_notify(args->fds, "READY=1");
		uv_run(&s.loop, UV_RUN_DEFAULT);
		pidfile_remove(conf->pid_file);
		fdstore_notify(args->fds, "STOPPING=1");
		log_info("stopping: calls are kept, their media rests until "
			 "the next start");
	}
	stop(&s);
	return err;
}
