/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/guardian/child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/notify.h"

void child_begin(pid_t guardian)
{
	sigset_t none;
	int null;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != guardian)
		_exit(CHILD_CANNOT);	/* it died before the line above */
	setpgid(0, 0);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	notify_forget();
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(fcntl(STDERR_FILENO, F_GETFD) < 0 ? null : STDERR_FILENO,
		 STDOUT_FILENO) < 0)
		_exit(CHILD_CANNOT);
}
