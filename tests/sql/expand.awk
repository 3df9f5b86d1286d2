# tlswarden: makes SQL of the rows of bad.txt and good.txt.
# SPDX-License-Identifier: BSD-2-Clause
#
# usage: awk -v fields=3 -v forms=all|insert|update -f expand.awk bad.txt
# Prints "LABEL|WORDS|STATEMENT", one statement a line; WORDS are empty in good.txt (fields=2). Of a row "set ...", forms=insert
# gives the plain INSERT, update the UPDATE beside it, all every way there is
# to write the row. Other rows are printed as they are, but not for update.

# A row's columns: name[1..n], value[1..n]; the defaults come first. An update
# alone follows others, so it sets all columns.
function parse(text,    parts, i, at, col, m) {
	n = 0
	put("direction", "'out'")
	put("level", "'encrypt'")
	if (forms == "update") {
		put("sender", "'*'")
		put("recipient", "'*'")
		m = split("subnet ca cert_name cert_fingerprint min_protocol " \
		    "min_bits expires_at", parts, " ")
		for (i = 1; i <= m; i++)
			put(parts[i], "NULL")
	}
	m = split(text, parts, / & /)
	for (i = 1; i <= m; i++) {
		at = index(parts[i], "=")
		col = substr(parts[i], 1, at - 1)
		put(col, substr(parts[i], at + 1))
	}
}

function put(col, text,    i) {
	for (i = 1; i <= n; i++)
		if (name[i] == col) {
			value[i] = text
			return
		}
	n++
	name[n] = col
	value[n] = text
}

function join(list, sep,    i, s) {
	for (i = 1; i <= n; i++)
		s = s (i > 1 ? sep : "") list[i]
	return s
}

function assigned(    i, s) {
	for (i = 1; i <= n; i++)
		s = s (i > 1 ? ", " : "") name[i] " = " value[i]
	return s
}

function say(statement) {
	print label "|" words "|" statement ";"
}

function insert(or, id) {
	say("INSERT " or "INTO policy(" (id ? "id, " : "") join(name, ", ") \
	    ") VALUES(" (id ? id ", " : "") join(value, ", ") ")")
}

function update(or) {
	say("UPDATE " or "policy SET " assigned() " WHERE id = 1")
}

/^#/ || /^$/ { next }
{
	rest = $0
	words = ""
	for (i = 1; i < fields; i++) {
		at = index(rest, "|")
		if (i == 1)
			label = substr(rest, 1, at - 1)
		else
			words = substr(rest, 1, at - 1)
		rest = substr(rest, at + 1)
	}
	if (rest !~ /^set /) {
		if (forms != "update")
			say(rest)
		next
	}
	parse(substr(rest, 5))
	if (forms != "update")
		insert("", 0)
	if (forms == "insert")
		next
	update("")
	if (forms == "update")
		next
	insert("OR IGNORE ", 0)
	insert("OR FAIL ", 0)
	insert("OR REPLACE ", 1)
	update("OR IGNORE ")
	update("OR REPLACE ")
	say("INSERT INTO policy(id, direction, level) VALUES(1, 'in', 'none')" \
	    " ON CONFLICT(id) DO UPDATE SET " assigned())
}
