# SPDX-License-Identifier: GPL-2.0
"""What the interpreters are to do; @N@ is how long. Each prints the same whenever it is run."""

PYTHON = '''
import hashlib, sys
digest, seen = b"start", {}
for n in range(@N@):
    digest = hashlib.sha256(digest).digest()
    seen[digest[:2]] = n
    if n % 200 == 0:
        print(n, digest.hex(), len(seen))
print(hashlib.sha256(repr(sorted(seen.items())).encode()).hexdigest())
'''

NUMPY = '''
import queue, sys, threading
import numpy as np
jobs, done = queue.Queue(), queue.Queue()
def work(number):
    rng = np.random.default_rng(number)
    while True:
        n = jobs.get()
        if n is None:
            return
        a = np.random.default_rng(n).integers(0, 1 << 16, (120, 120)).astype(np.float64)
        b = np.fft.rfft(a[0]).real.round(3)
        c = (a @ a.T) % 65521
        s = np.sort(c, axis=None)[::977]
        done.put((n, int(c.sum()), float(b.sum()), s.astype(np.int64).tolist()))
threads = [threading.Thread(target=work, args=(t,)) for t in range(4)]
for t in threads:
    t.start()
for first in range(0, @N@, 8):
    for n in range(first, first + 8):
        jobs.put(n)
    for found in sorted(done.get() for _ in range(8)):
        print(*found, flush=True)
for t in threads:
    jobs.put(None)
for t in threads:
    t.join()
'''

FUNCTION = '''
static int f%(n)d(int *p, int a, const char *s)
{
	int i, sum = a * %(n)d;

	for (i = 0; i < a; i++) {
		switch ((p[i] ^ sum) %% 7) {
		case 0: sum += p[i] * %(n)d; break;
		case 1: sum ^= s[i]; break;
		case 2: p[i] -= sum / (a + 1); break;
		case 5: if (i > %(n)d) return sum; break;
		default: sum = (sum << 3) | (sum >> 5);
		}
	}
	return sum %% 2 ? sum : g(p, sum);
}
'''

SQL = '''
BEGIN;
CREATE TABLE t(n INTEGER PRIMARY KEY, x INTEGER, text TEXT);
CREATE INDEX tx ON t(x);
WITH RECURSIVE c(n, x) AS (SELECT 1, 7 UNION ALL
    SELECT n + 1, (x * 1103515245 + 12345) % 2147483648 FROM c WHERE n < @N@)
    INSERT INTO t SELECT n, x, hex(x * n) FROM c;
SELECT count(*), sum(x) FROM t;
UPDATE t SET x = x % 1000003, text = text || n WHERE x % 3 = 1;
SELECT text, x FROM t ORDER BY x, n;
DELETE FROM t WHERE n % 2 = 0;
COMMIT;
SELECT count(*), sum(x), max(text) FROM t;
'''

PERL = r'''
use strict; use Time::HiRes qw(ualarm);
my (%seen, @all, $beats);
$SIG{ALRM} = sub { $beats++; ualarm(3000) };
ualarm(3000);
my $x = 1;
$| = 1;
for my $n (1 .. @N@) {
    $x = ($x * 1103515245 + 12345) % 2147483648;
    my $text = sprintf "%x-%d", $x, $n;
    $text =~ s/(\d+)-(\d)/<$2:$1>/g;
    $seen{substr $text, 0, 3} .= $text;
    push @all, $text;
    if ($n % 500 == 0) {
        @all = sort { length $a <=> length $b || $a cmp $b } @all;
        print "$n $all[0] $all[-1] ", scalar(keys %seen), " ", length join("", values %seen), "\n";
        splice @all, 0, 300;
    }
}
print "$_ ", unpack("%32C*", $seen{$_}), "\n" for sort keys %seen;
# Or the last alarm comes when perl has given back its handlers.
$SIG{ALRM} = "IGNORE";
'''

GAWK = '''
function mix(x) { return (x * 69069 + 12345) % 4294967296 }
BEGIN {
    for (n = 1; n <= @N@; n++) {
        x = mix(x + n); key = sprintf("%x", x % 4096)
        count[key]++; text[key] = substr(text[key] key n, 1, 200)
        if (gsub(/[a-f]+/, "<&>", key)) hits++
        if (n % 500 == 0) print n, x, length(count), hits, key
    }
    for (k in count) sum += count[k] * length(text[k])
    print sum, strtonum("0x" key), toupper(text["a"])
}
'''

MAWK = '''
function mix(x) { return (x * 69069 + 12345) % 4294967296 }
BEGIN {
    for (n = 1; n <= @N@; n++) {
        x = mix(x + n); key = sprintf("%d", x % 4096)
        count[key]++; text[key] = substr(text[key] key n, 1, 200)
        if (gsub(/[3-6]+/, "<&>", key)) hits++
        if (n % 50 == 0) print n, x, hits, key
    }
    for (k in count) sum += count[k] * length(text[k])
    print sum
}
'''

BC = '''
scale = 60
define f(n) { if (n < 2) return (1); return (n * f(n - 1)) }
for (i = 1; i < @N@; i++) {
    x = a(1 / i) + s(i) * e(1 / (i + 1))
    x
    if (i % 10 == 0) f(i % 60 + 20)
}
4 * a(1)
'''

DC = '''
40k 1sn 0sx
[ ln 2 * 1 - v lx + d sx 3 / p c ln 1 + sn ln @N@ >l ] sl
@N@ ln <m
[ 1 ] sm
ll x lx p
'''

BASH = r'''
usr1=0 usr2=0 alarm=0
trap 'usr1=$((usr1 + 1)); note="usr1 at $n"' USR1
trap 'usr2=$((usr2 + 1))' USR2
trap 'echo "end $n $usr1 $usr2"' EXIT
declare -A seen
x=1
for ((n = 1; n <= @N@; n++)); do
    ((x = (x * 69069 + 12345) % 65536))
    printf -v key '%x' $((x % 512))
    seen[$key]+=$((x % 10))
    ((n % 50)) || kill -USR1 $$
    ((n % 70)) || kill -USR2 $$
    read -r a b <<< "$n $key"
    [[ $key =~ ^([0-9]+)([a-f]*)$ ]] && match=${BASH_REMATCH[2]:-none}
    ((n % 100)) || echo "$n $x $a $b ${#seen[@]} $match $note $usr1 $usr2"
done
mapfile -t lines < script; echo "${#lines[@]}"
for key in "${!seen[@]}"; do total=$((total + ${#seen[$key]})); done
echo "$total"
'''

BUSYBOX = r'''
x=1 n=0 usr1=0
trap 'usr1=$((usr1 + 1))' USR1
while [ $n -lt @N@ ]; do
    n=$((n + 1)) x=$(((x * 69069 + 12345) % 65536))
    case $x in *7*) seven=$x ;; [1-3]*) low=$n ;; esac
    [ $((n % 40)) != 0 ] || kill -USR1 $$
    set -- $x $n $low
    [ $((n % 100)) != 0 ] || echo "$n $* $seven ${x%?} $usr1"
done
'''

M4 = r'''
define(`mix', `eval(($1 * 69069 + 12345) % 65536)')dnl
define(`again', `define(`x', mix(x))define(`seen'eval(x % 99), $1)$1 x seen`'eval(x % 50)
')dnl
define(`x', 1)dnl
define(`loop', `ifelse($1, @N@, `', `again($1)loop(incr($1))')')dnl
loop(1)
'''

RUBY = '''
queue, done = Queue.new, Queue.new
threads = 3.times.map { Thread.new { while (n = queue.pop); done << [n, (1..200).inject(n) { |a, b|
  (a * 31 + b) % 1000003 }]; end } }
seen = Hash.new { |h, k| h[k] = [] }
@N@.times do |n|
  8.times { |i| queue << n * 8 + i }
  found = 8.times.map { done.pop }.sort
  found.each { |a, b| seen[b % 97] << "#{a}:#{b}" }
  fiber = Fiber.new { seen.each_value { |v| Fiber.yield v.size }; nil }
  total = 0
  while (size = fiber.resume) do total += size end
  GC.start if n % 100 == 0
  puts "#{n} #{found.inspect} #{total}"
end
'''

LUA = '''
local seen, x = {}, 1
local co = coroutine.wrap(function()
  while true do x = (x * 69069 + 12345) % 4294967296; coroutine.yield(x) end
end)
for n = 1, @N@ do
  local v = co()
  local key = string.format("%x", v):sub(1, 3)
  seen[key] = (seen[key] or "") .. n
  if #seen[key] > 60 then seen[key] = nil end
  if n % 500 == 0 then
    local keys = {}
    for k in pairs(seen) do keys[#keys + 1] = k end
    table.sort(keys)
    print(n, v, #keys, keys[1], seen[keys[#keys]])
  end
end
'''

PHP = '''<?php
$seen = []; $x = 1;
function numbers($n) { for ($i = 0; $i < $n; $i++) yield $i; }
foreach (numbers(@N@) as $n) {
    $x = ($x * 69069 + 12345) % 4294967296;
    $key = dechex($x % 1000);
    $seen[$key] = substr(($seen[$key] ?? "") . md5("$x"), 0, 90);
    if ($n % 500 == 0) {
        ksort($seen);
        echo $n, " ", $x, " ", count($seen), " ", crc32(serialize($seen)), "\\n";
    }
}
'''

R = '''
set.seed(7)
for (n in 1:@N@) {
    a <- matrix(rnorm(900), 30)
    s <- solve(crossprod(a) + diag(30))
    f <- lm(a[, 1] ~ a[, 2] + a[, 3])
    cat(n, format(sum(s), digits = 10), format(coef(f), digits = 8), "\\n")
    if (n %% 20 == 0) invisible(gc())
}
'''

OCAML = '''
let mix x = (x * 69069 + 12345) land 0xffffffff
let () =
  let h = Hashtbl.create 100 and x = ref 1 in
  for n = 1 to @N@ do
    x := mix !x;
    let key = Printf.sprintf "%x" (!x mod 777) in
    Hashtbl.replace h key (n :: (try Hashtbl.find h key with Not_found -> []));
    if n mod 500 = 0 then begin
      let total = Hashtbl.fold (fun _ l a -> a + List.length l) h 0 in
      Printf.printf "%d %d %d %d\\n" n !x (Hashtbl.length h) total
    end
  done
'''

LISP = '''
(let ((h (make-hash-table :test 'equal)) (x 1))
  (dotimes (n @N@)
    (setf x (mod (+ (* x 69069) 12345) 4294967296))
    (push n (gethash (format nil "~x" (mod x 777)) h))
    (when (zerop (mod n 500))
      (format t "~d ~d ~d ~d~%" n x (hash-table-count h)
              (loop for v being the hash-values of h sum (length v))))
    (when (zerop (mod n 5000)) (sb-ext:gc :full t))))
'''

SCHEME = '''
(define h (make-hash-table))
(let loop ((n 1) (x 1))
  (when (< n @N@)
    (let ((key (number->string (modulo x 777) 16)))
      (hash-set! h key (cons n (hash-ref h key '())))
      (when (zero? (modulo n 500))
        (simple-format #t "~A ~A ~A\\n" n x
          (hash-fold (lambda (k v a) (+ a (length v))) 0 h)))
      (loop (+ n 1) (modulo (+ (* x 69069) 12345) 4294967296)))))
'''
