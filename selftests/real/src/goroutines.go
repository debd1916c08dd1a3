// SPDX-License-Identifier: GPL-2.0

// Goroutines that compute without a call (the runtime pre-empts them by signals), others that
// allocate, sleep and talk to each other. What is printed does not depend on who was faster.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const workers = 6

func spin(seed uint64, n int) uint64 {
	for i := 0; i < n; i++ {
		seed ^= seed << 13
		seed ^= seed >> 7
		seed ^= seed << 17
	}
	return seed
}

type node struct {
	left, right *node
	value       uint64
}

func tree(depth int, seed uint64) *node {
	if depth == 0 {
		return &node{value: seed}
	}
	return &node{tree(depth-1, seed*3+1), tree(depth-1, seed^seed>>3), seed}
}

func (n *node) sum() uint64 {
	if n == nil {
		return 0
	}
	return n.value + 31*n.left.sum() + n.right.sum()
}

func main() {
	rounds, _ := strconv.Atoi(os.Args[1])
	runtime.GOMAXPROCS(4)
	out := bufio.NewWriter(os.Stdout)
	var ticks atomic.Uint64
	go func() {
		for range time.Tick(time.Millisecond) {
			ticks.Add(1)
		}
	}()
	for round := 0; round < rounds; round++ {
		var all sync.WaitGroup
		results := make([]uint64, workers)
		chain := make(chan uint64)
		last := chain
		for w := 0; w < workers; w++ {
			all.Add(1)
			next := make(chan uint64)
			go func(w int, in, out chan uint64) {
				defer all.Done()
				x := spin(uint64(round*workers+w+1), 200000)
				counts := map[string]uint64{}
				for i := 0; i < 300; i++ {
					counts[strconv.FormatUint(spin(x, i)%97, 16)] += x
				}
				for i := uint64(0); i < 97; i++ {
					x = x*33 + counts[strconv.FormatUint(i, 16)]
				}
				time.Sleep(time.Duration(w) * 100 * time.Microsecond)
				results[w] = x + tree(8, x).sum()
				out <- results[w] ^ <-in
			}(w, last, next)
			last = next
		}
		go func() { chain <- 1 }()
		end := <-last
		all.Wait()
		fmt.Fprintf(out, "%d %x %x\n", round, end, results)
		if round%8 == 0 {
			out.Flush()
			runtime.GC()
		}
	}
	out.Flush()
}
