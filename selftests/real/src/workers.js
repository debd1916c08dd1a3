// SPDX-License-Identifier: GPL-2.0
'use strict';
// Workers, timers, promises, garbage, asynchronous crypto (the thread pool); no network.
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const crypto = require('crypto');
const fs = require('fs');

if (!isMainThread) {
	let seen = {};
	parentPort.on('message', (n) => {
		let x = n + workerData;
		for (let i = 0; i < 3000; i++) {
			x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d) >>> 0;
			seen['k' + x % 1000] = { n: i, text: x.toString(16) };
		}
		parentPort.postMessage(x + Object.keys(seen).length);
	});
} else {
	const rounds = Number(process.argv[2]);
	const workers = [1, 2].map((n) => new Worker(__filename, { workerData: n }));
	const ask = (w, n) => new Promise((done) => {
		w.once('message', done);
		w.postMessage(n);
	});
	const key = (n) => new Promise((done, fail) =>
		crypto.pbkdf2('password' + n, 'salt', 20, 16, 'sha256',
			(e, k) => e ? fail(e) : done(k.toString('hex'))));
	const main = async () => {
		let digest = '';
		for (let n = 0; n < rounds; n++) {
			const all = await Promise.all([...workers.map((w) => ask(w, n)), key(n), key(n + 1),
				new Promise((done) => setTimeout(done, 1, 'slept'))]);
			const text = await fs.promises.readFile(__filename, 'latin1');
			digest = crypto.createHash('sha1').update(digest + all + text).digest('hex');
			fs.writeSync(1, `${n} ${all.join(' ')} ${digest}\n`);
		}
		await Promise.all(workers.map((w) => w.terminate()));
	};
	main().catch((e) => {
		console.error(e);
		process.exit(1);
	});
}
