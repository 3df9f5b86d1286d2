# tlswarden: turns the samples of run.sh into a table of medians.
# SPDX-License-Identifier: BSD-2-Clause
# Input: suite, conns, round, server, rate, p50, p99, p999, cpu per line. The
# server "echo" is the base; ratios are taken within a round, then their median.

function median(list, n,    a, i, j, x) {
	split(list, a, " ")
	for (i = 2; i <= n; i++) {
		x = a[i] + 0
		for (j = i - 1; j > 0 && a[j] + 0 > x; j--)
			a[j + 1] = a[j]
		a[j + 1] = x
	}
	if (n % 2)
		return a[(n + 1) / 2]
	return n == 0 ? 0 : (a[n / 2] + a[n / 2 + 1]) / 2
}

{
	cell = $1 SUBSEP $2
	if (!(cell in cells)) {
		cells[cell] = ++n_cells
		cell_at[n_cells] = cell
	}
	if (!((cell, $4) in n)) {
		servers[cell] = servers[cell] " " $4
	}
	n[cell, $4]++
	rates[cell, $4] = rates[cell, $4] " " $5
	p99s[cell, $4] = p99s[cell, $4] " " $7
	cpus[cell, $4] = cpus[cell, $4] " " $9
	cpu[cell, $3, $4] = $9
	rate[cell, $3, $4] = $5
	p99[cell, $3, $4] = $7
	if ($3 > rounds)
		rounds = $3
}

function ratio(of, cell, name, base,    list, k, r) {
	for (r = 1; r <= rounds; r++)
		if (of[cell, r, base] > 0 && of[cell, r, name] > 0) {
			list = list " " of[cell, r, name] / of[cell, r, base]
			k++
		}
	return median(list, k)
}

function against(cell, label, name, base) {
	if (!((cell, name) in n) || !((cell, base) in n))
		return
	split(cell, part, SUBSEP)
	printf "| %s | %s | %s | | %.3f | | %.2f | | %.2f |\n",
	    part[1], part[2], label, ratio(rate, cell, name, base),
	    ratio(p99, cell, name, base), ratio(cpu, cell, name, base)
}

END {
	printf "| where | connections | server | requests/s | ratio to echo "
	print "| p99 us | p99 ratio | CPU us/request | CPU ratio |"
	print "|---|---|---|---|---|---|---|---|---|"
	for (c = 1; c <= n_cells; c++) {
		cell = cell_at[c]
		split(cell, part, SUBSEP)
		k = split(servers[cell], list, " ")
		for (i = 1; i <= k; i++) {
			s = list[i]
			printf "| %s | %s | %s | %.0f | %.3f | %.0f | %.2f | %.2f | %.2f |\n",
			    part[1], part[2], s, median(rates[cell, s], n[cell, s]),
			    ratio(rate, cell, s, "echo"),
			    median(p99s[cell, s], n[cell, s]),
			    ratio(p99, cell, s, "echo"),
			    median(cpus[cell, s], n[cell, s]),
			    ratio(cpu, cell, s, "echo")
		}
		against(cell, "1M against 10 rules", "rules-1M", "rules-10")
		against(cell, "1M against echo, all cores", \
		    "rules-1M-all-cores", "echo-all-cores")
	}
	printf "\nMedians of %d paired rounds; echo-2 against echo is the noise. ", rounds
	print "CPU is the server's own."
}
