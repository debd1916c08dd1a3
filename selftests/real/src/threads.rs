// SPDX-License-Identifier: GPL-2.0

// Threads with channels, a condition variable, thread-local state and panics that are caught.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::mpsc::{channel, Receiver, Sender};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

thread_local!(static SEEN: Cell<u64> = Cell::new(1));

fn mix(mut x: u64, n: u64) -> u64 {
    for i in 0..n {
        x = (x ^ (x >> 29)).wrapping_mul(0xbf58476d1ce4e5b9).rotate_left((i % 64) as u32);
    }
    x
}

fn work(number: u64, jobs: Receiver<u64>, results: Sender<(u64, u64, f64)>) {
    for job in jobs {
        let seen = SEEN.with(|s| {
            s.set(s.get().wrapping_mul(31).wrapping_add(job));
            s.get()
        });
        let mut map = BTreeMap::new();
        for i in 0..400u64 {
            map.insert(mix(job ^ i, 20), format!("{:x}", mix(seen + i, 3)));
        }
        let text: String = map.values().map(|s| s.as_str()).collect();
        let mut sum = mix(number, 20000);
        let mut float = 0.1f64;
        for b in text.bytes() {
            sum = mix(sum ^ b as u64, 1);
            float = (float * 1.0001 + b as f64).sin();
        }
        let caught = std::panic::catch_unwind(|| {
            if sum % 3 == 0 {
                std::panic::resume_unwind(Box::new(sum));
            }
        });
        results.send((number, sum ^ caught.is_err() as u64, float)).unwrap();
    }
}

fn main() {
    let rounds: u64 = std::env::args().nth(1).unwrap().parse().unwrap();
    let (results, all) = channel();
    let beat = Arc::new((Mutex::new(0u64), Condvar::new()));
    let other = beat.clone();
    thread::spawn(move || loop {
        thread::sleep(Duration::from_millis(1));
        *other.0.lock().unwrap() += 1;
        other.1.notify_all();
    });
    let queues: Vec<Sender<u64>> = (0..5)
        .map(|n| {
            let (send, receive) = channel();
            let results = results.clone();
            thread::spawn(move || work(n, receive, results));
            send
        })
        .collect();
    let stdout = std::io::stdout();
    for round in 0..rounds {
        for q in &queues {
            q.send(round).unwrap();
        }
        let mut found: Vec<_> = queues.iter().map(|_| all.recv().unwrap()).collect();
        found.sort_by_key(|f| f.0);
        writeln!(stdout.lock(), "{} {:x?}", round, found).unwrap();
        if round % 50 == 0 {
            let count = beat.0.lock().unwrap();
            let was = *count;
            drop(beat.1.wait_while(count, |now| *now == was).unwrap());
        }
    }
}
