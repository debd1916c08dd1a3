// SPDX-License-Identifier: GPL-2.0
/* Images whose pages are not all in them. */
#include "attempt.h"
#include "say.h"

#define PAGE 4096
#define PAGES_ZERO 1

/* The image in which the pages that rich_spare() of target.c can spare are zero. */
static struct image_rec zeroed[RECS_MAX + 1];
static unsigned int n_zeroed;
/* Their addresses; how many there are in the last record of runs that has some, and where it is. */
static uint64_t spared[8];
static unsigned int n_spared, n_last, last;
static uint64_t mm;

static void add_run(struct image_bytes *msg, uint64_t addr, bool zero)
{
	struct image_bytes run = { 0 };
	uint8_t head[20];
	size_t n = say_varint(head, F(PageRuns, run) << 3 | 2);

	say_new(&run, F(PageRun, addr), addr);
	say_new(&run, F(PageRun, pages), 1);
	if (zero)
		say_new(&run, F(PageRun, kind), PAGES_ZERO);
	n += say_varint(head + n, run.len);
	*msg = image_splice(msg->data, msg->len, msg->len, msg->len, head, n);
	*msg = image_splice(msg->data, msg->len, msg->len, msg->len, run.data, run.len);
}

static struct image_bytes runs_of(uint64_t id)
{
	struct image_bytes msg = { 0 };

	say_new(&msg, F(PageRuns, mm), id);
	return msg;
}

static uint64_t number(const struct image_bytes *msg, uint32_t field)
{
	struct image_field f;

	if (!image_find(msg->data, msg->len, field, 0, &f))
		abort();
	return f.scalar;
}

static bool can_be_spared(const uint8_t *page)
{
	unsigned int i;

	for (i = 0; i < PAGE && page[i] == 'z'; i++)
		;
	return i == PAGE;
}

/* The runs of record @i, and the pages behind it without those that can be spared. */
static void spare(unsigned int i)
{
	struct image_bytes was = payload(i), rest = { malloc(recs[i + 1].len), 0 }, msg, run;
	const uint8_t *page = recs[i + 1].payload;
	unsigned int k, before = n_spared;
	struct image_field f;
	uint64_t addr, end;
	bool zero;

	mm = number(&was, F(PageRuns, mm));
	msg = runs_of(mm);
	for (k = 0; image_find(was.data, was.len, F(PageRuns, run), k, &f); k++) {
		run = (struct image_bytes){ was.data + f.value, f.end - f.value };
		addr = number(&run, F(PageRun, addr));
		end = addr + number(&run, F(PageRun, pages)) * PAGE;
		for (; addr < end; addr += PAGE, page += PAGE) {
			zero = n_spared < ARRAY_SIZE(spared) && can_be_spared(page);
			add_run(&msg, addr, zero);
			if (zero) {
				spared[n_spared++] = addr;
				continue;
			}
			memcpy(rest.data + rest.len, page, PAGE);
			rest.len += PAGE;
		}
	}
	if (n_spared == before)
		return;
	n_last = n_spared - before;
	last = n_zeroed - 2;
	zeroed[last].payload = msg.data;
	zeroed[last].len = msg.len;
	zeroed[last + 1].payload = rest.data;
	zeroed[last + 1].len = rest.len;
}

static void make_zeroed(void)
{
	unsigned int i;

	for (i = 0; i < n_recs; i++) {
		zeroed[n_zeroed++] = recs[i];
		if (i && recs[i].type == CKPT_REC_PAGES && recs[i - 1].type == CKPT_REC_PAGE_RUNS)
			spare(i - 1);
	}
}

/* Such pages read as zero, in memory and where they hide a page of a file. */
TEST(zero_pages)
{
	static const uint8_t none[PAGE];
	struct image_bytes image;
	uint8_t page[PAGE];
	unsigned int i;
	char path[64];
	pid_t pid;
	int mem;

	SETUP();
	make_zeroed();
	ASSERT_EQ(2, n_spared);
	image = image_make(zeroed, n_zeroed, NULL);
	ASSERT_EQ(image.len, pwrite(memfd, image.data, image.len, 0));
	ASSERT_EQ(0, ftruncate(memfd, image.len) | lseek(memfd, 0, SEEK_SET));
	pid = device_restart(device, memfd, restart_flags, &res);
	ASSERT_LT(0, pid) {
		TH_LOG("%s", device_words(&res));
	}
	EXPECT_TRUE(victim_counts(counter));
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	mem = open(path, O_RDONLY | O_CLOEXEC);
	for (i = 0; i < n_spared; i++) {
		memset(page, 1, sizeof(page));
		EXPECT_EQ(PAGE, pread(mem, page, PAGE, spared[i]));
		EXPECT_EQ(0, memcmp(page, none, PAGE));
	}
	close(mem);
	victim_kill(pid);
}

static const char *attempt_last(const struct image_bytes *msg, bool may)
{
	struct image_rec keep = zeroed[last];
	const char *why;

	zeroed[last].payload = msg->data;
	zeroed[last].len = msg->len;
	why = attempt_recs(zeroed, n_zeroed, may);
	zeroed[last] = keep;
	return why;
}

/* With one more record of runs in front of the last one. */
static const char *attempt_more(const struct image_bytes *msg, bool may)
{
	struct image_rec keep[RECS_MAX + 1];
	const char *why;

	memcpy(keep, zeroed, sizeof(keep));
	memmove(zeroed + last + 1, zeroed + last, (n_zeroed - last) * sizeof(*zeroed));
	zeroed[last] = (struct image_rec){ CKPT_REC_PAGE_RUNS, 0, msg->len, msg->data };
	why = attempt_recs(zeroed, n_zeroed + 1, may);
	memcpy(zeroed, keep, sizeof(keep));
	return why;
}

#define EXPECT_BAD(why, words) do {				\
	EXPECT_FINE(why, words);				\
	EXPECT_EQ(EBADMSG, res.error);				\
	EXPECT_NE(NULL, strstr(device_words(&res), words)) {	\
		TH_LOG("%s", device_words(&res));		\
	}							\
} while (0)

/* An image can say many wrong things about such pages. */
TEST(zero_pages_that_lie)
{
	struct image_bytes msg, run, more;
	unsigned int i, k;
	struct image_field f;

	SETUP();
	make_zeroed();
	ASSERT_EQ(2, n_spared);

	/* Such a run alone, without pages behind it. */
	more = runs_of(mm);
	add_run(&more, spared[0], true);
	EXPECT_FINE(attempt_more(&more, true), "zeroes alone");
	EXPECT_EQ(1, started);
	/* The same with pages behind it, which nothing describes. */
	EXPECT_BAD(attempt_last(&more, false), "PAGES is out of place");

	/* As many pages as there would be with data, or too few. */
	i = last + 1;
	zeroed[i].len += n_last * PAGE;
	zeroed[i].payload = calloc(1, zeroed[i].len);
	EXPECT_BAD(attempt_recs(zeroed, n_zeroed, false), "raw ones");
	zeroed[i].len -= (n_last + 1) * PAGE;
	EXPECT_BAD(attempt_recs(zeroed, n_zeroed, false), "raw ones");
	zeroed[i].len += PAGE;

	/* In no memory at all, in what is shared, and beyond all. */
	more = runs_of(mm);
	add_run(&more, PAGE, true);
	EXPECT_BAD(attempt_more(&more, false), "pages outside of memory");
	more = runs_of(mm);
	add_run(&more, TASK_SIZE_MAX, true);
	EXPECT_BAD(attempt_more(&more, false), "run of pages at");
	more = runs_of(mm);
	add_run(&more, spared[0] + 1, true);
	EXPECT_BAD(attempt_more(&more, false), "run of pages at");

	/* More than a record holds; with what only other kinds have. */
	for (k = 0; k < 3; k++) {
		static const uint32_t field[] = { F(PageRun, pages), F(PageRun, mm),
						  F(PageRun, from) };
		static const uint64_t value[] = { 257, 1, PAGE };

		more = runs_of(mm);
		add_run(&more, spared[0], true);
		image_find(more.data, more.len, F(PageRuns, run), 0, &f);
		run = inner(&more, F(PageRuns, run));
		say_new(&run, field[k], value[k]);
		msg = image_set_bytes(more.data, more.len, &f, run.data, run.len);
		EXPECT_BAD(attempt_more(&msg, false), "run of pages at");
	}
}
