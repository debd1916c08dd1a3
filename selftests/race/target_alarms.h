/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A mode of target.c: three timers of a second each. Behind the counter stands how long each of
 * them took, in ms.
 */
static volatile uint64_t *rang;
static int64_t rang_since;

static void ring(int sig)
{
	rang[sig == SIGALRM ? 1 : 2] = (now_us() - rang_since) / 1000;
}

static void alarms(const char *path)
{
	struct itimerspec second = { .it_value.tv_sec = 1 };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2 };
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	uint64_t ticks;
	timer_t timer;

	rang = counter(path);
	rang_since = now_us();
	NEED(signal(SIGALRM, ring) != SIG_ERR && signal(SIGUSR2, ring) != SIG_ERR);
	NEED(fd >= 0 && !timerfd_settime(fd, 0, &second, NULL) && !alarm(1));
	NEED(!timer_create(CLOCK_MONOTONIC, &event, &timer));
	NEED(!timer_settime(timer, 0, &second, NULL));
	while (!told) {
		if (read(fd, &ticks, sizeof(ticks)) > 0)
			rang[3] = (now_us() - rang_since) / 1000;
		++*rang;
		usleep(200);
	}
}
