// SPDX-License-Identifier: GPL-2.0

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Many threads that make garbage; what is printed does not depend on who was faster. */
public class Collect {
	static long work(int round, int worker) throws Exception {
		TreeMap<String, List<Long>> map = new TreeMap<>();
		long x = round * 31L + worker + 1;

		for (int i = 0; i < 1500; i++) {
			x ^= x << 13;
			x ^= x >>> 7;
			x ^= x << 17;
			map.computeIfAbsent(Long.toHexString(x & 0x1ff), k -> new ArrayList<>()).add(x);
		}
		StringBuilder text = new StringBuilder();
		map.forEach((k, v) -> text.append(k).append(v.stream().mapToLong(Long::longValue).sum()));
		try {
			// Where the compiler leaves it to the processor to find out.
			Object nothing = x % 2 == 0 ? null : map;
			x += nothing.hashCode() == 0 ? 1 : 2;
		} catch (NullPointerException e) {
			x += 3;
		}
		if (worker % 3 == 0)
			Thread.sleep(1);
		return x ^ text.toString().hashCode();
	}

	public static void main(String[] args) throws Exception {
		int rounds = Integer.parseInt(args[0]);
		ExecutorService pool = Executors.newFixedThreadPool(8);
		ScheduledExecutorService clock = Executors.newScheduledThreadPool(1);
		ConcurrentHashMap<Integer, byte[]> keep = new ConcurrentHashMap<>();
		AtomicLong ticks = new AtomicLong();

		clock.scheduleAtFixedRate(ticks::incrementAndGet, 1, 1, TimeUnit.MILLISECONDS);
		for (int round = 0; round < rounds; round++) {
			List<Future<Long>> results = new ArrayList<>();
			StringBuilder line = new StringBuilder().append(round);

			for (int worker = 0; worker < 12; worker++) {
				int r = round, w = worker;

				results.add(pool.submit(() -> {
					keep.put(w, new byte[100_000 + r % 7]);
					return work(r, w);
				}));
			}
			for (Future<Long> f : results)
				line.append(' ').append(Long.toHexString(f.get()));
			System.out.println(line);
			if (round % 40 == 0)
				System.gc();
		}
		pool.shutdown();
		clock.shutdown();
	}
}
