divert(-1)
dnl #
dnl # tlswarden: a FEATURE of sendmail.mc: mail that Sendmail delivers is judged by
dnl # tlswarden-policyd(8). For the administrator of Sendmail 8.16 or newer, built
dnl # with SOCKETMAP and STARTTLS (Debian's is).
dnl # SPDX-License-Identifier: BSD-2-Clause
dnl #
dnl # Copy this file to the folder cf/feature (Debian:
dnl # /usr/share/sendmail/cf/feature) and name it in sendmail.mc, behind OSTYPE and
dnl # DOMAIN, with the socket of policyd as its argument; contrib/sendmail has a
dnl # sample. Sendmail refuses sockets below a folder that a group or everybody can
dnl # write to. The map is called sendmail since that is the name policyd is asked.
dnl #
dnl # What is asked, with the facts of the session as the key, and when:
dnl #   tls_server	each connection, with TLS or without: the rule of its one
dnl #		recipient (the macro u) is judged, and that of the next hop (the
dnl #		macro h) when it is not the recipient's domain; what it says is
dnl #		the deferral or the bounce, with its whole text
dnl #   tls_rcpt	each recipient that tls_server was not asked about: a net for
dnl #		sites that deliver several at once after all; temporary refusals
dnl #		only, since Sendmail makes "5.5.2 Data format error" of others
dnl #   try_tls	each connection: level none, no STARTTLS
dnl #   srv_features	each client: level none, STARTTLS is not offered
dnl #   check_rcpt	each recipient of mail that comes in, only with a second argument
dnl #		`inbound', for sites without the milter: the inbound rules are
dnl #		judged, but no session and no monitor rule is recorded
dnl # Fails closed: whatever is no answer of policyd (it is down, hangs, says TEMP)
dnl # defers the mail with 4.7.5. That holds for try_tls, too: some troubles of a
dnl # map make Sendmail leave out STARTTLS, and that is not the server's fault.
dnl # Only srv_features then goes on, and offers STARTTLS. While a unix socket is
dnl # missing Sendmail tells clients so, with 451 before its greeting, and mail that
dnl # comes in waits, too; not so with inet:PORT@127.0.0.1.
dnl # Keys are at most 1023 bytes long (256 before Sendmail 8.17); a certificate
dnl # whose names do not fit cannot be judged by a rule of level secure, and mail
dnl # waits.
dnl # Each recipient is delivered by itself (SMTP_MAILER_MAXRCPTS 1), on its own
dnl # connection (no cache), and a server's last failure is not remembered for the
dnl # next (Timeout.hoststatus 0): else domains that share a server are taken for
dnl # one, and what is refused for one of them bounces the others.
dnl # A domain is judged, and told to the server, as the sender wrote it
dnl # (DontExpandCnames, ResolverOptions -DNSRCH): DNS would else turn it into
dnl # another one, that has no rule, by a CNAME record or by what is found below the
dnl # machine's own domain. Names without a dot get that domain as before; a domain
dnl # that is local by its CNAME record alone has to be in class w.
dnl # A server's certificate is searched for the recipient's domain, the next hop
dnl # and the server's name only, and a wildcard above them: Sendmail gives no list
dnl # of its names.
dnl #
divert(0)dnl
VERSIONID(`tlswarden')
divert(-1)
dnl # The rulesets below may stand before MAILER.
pushdef(`_MAILER_DEFINED_', `1')
define(`SMTP_MAILER_MAXRCPTS', `1')
define(`confMCI_CACHE_SIZE', `0')
define(`confTO_HOSTSTATUS', `0s')
define(`confDONT_EXPAND_CNAMES', `true')
define(`confBIND_OPTS', ifelse(defn(`confBIND_OPTS'), `', `-DNSRCH', `defn(`confBIND_OPTS') -DNSRCH'))
define(`_NEED_MACRO_MAP_', `1')
define(`_TLSWARDEN_WAIT_', `$`'#error $`'@ 4.7.5 $: "451 4.7.5 TLS policy cannot be asked; is tlswarden-policyd running?"')

LOCAL_CONFIG
O SetCertAltnames=true
Ksendmail socket -f -q -t -T<TMPF> -d5 ifelse(defn(`_ARG_'), `', `unix:/run/tlswarden/policyd.sock', `_ARG_')

LOCAL_RULESETS
# 1 if the name is among those of the server's certificate
STlswarden_has
R$*.			$: $1
R$={cert_altnames}	$@ 1
R$-.$+			$: *.$2
R$={cert_altnames}	$@ 1
R$*			$@ 0

# recipient -> recipient $| 0 or 1 for each of: its domain, the next hop, the
# server's name
STlswarden_names
R$*			$: $1 $| $1
R$* $| $*@$+		$: $1 $| $3
R$* $| $*		$: $1 $| $>"Tlswarden_has" $2
R$* $| $-		$: $1 $| $2 $| $>"Tlswarden_has" $&h
R$* $| $- $| $-		$: $1 $| $2 $| $3 $| $>"Tlswarden_has" $&{server_name}

# the answer of policyd
STlswarden_answer
R<ok>			$@ <judged>
R<4.$-.$- : $+>		$#error $@ 4.$1.$2 $: $3
R<5.$-.$- : $+>		$#error $@ 5.$1.$2 $: $3
R$*			_TLSWARDEN_WAIT_

# {Tlswarden_tried} is what policyd said to try_tls, "?" when it said nothing;
# {Tlswarden_judged} is whom tls_server was asked about last, at which server;
# {Tlswarden_off} stands before {verify} when STARTTLS was offered and this site
# (an access map with Try_TLS) did not want it: that is not the server's fault.
STlswarden_server
R$*			$: $&{Tlswarden_tried} $(macro {Tlswarden_tried} $) $(macro {Tlswarden_judged} $) $(macro {Tlswarden_off} $)
R$* ?			_TLSWARDEN_WAIT_
R$* ok			$: $>"Tlswarden_unused" $&{verify}
R$*			$: $>"Tlswarden_names" $&u
R$* $| $- $| $- $| $-	$: <$(sendmail srv:<$&{Tlswarden_off}$&{verify}><$&{tls_version}><$&{cipher_bits}><$4><$2><$3><$&{server_addr}><$1><$&h><$&{server_name}><$&{cn_subject}><$&{cert_issuer}> $: ? $)>
R$*			$: $>"Tlswarden_answer" $1
R<judged>		$@ $(macro {Tlswarden_judged} $@ <$&u><$&{server_addr}> $) <judged>

STlswarden_unused
RNONE			$: NONE $| $>"try_tls" $&{server_name}
R$* $| $#$*		$: $1 $(macro {Tlswarden_off} $@ off- $)
R$*			$: $1 $(macro {Tlswarden_tried} $)

STlswarden_rcpt
R$*			$: $1 $| <$1><$&{server_addr}>
R$* $| $&{Tlswarden_judged}	$@ <judged>
R$* $| $*		$: $>"Tlswarden_names" $1
R$* $| $- $| $- $| $-	$: <$(sendmail rcpt:<$&{verify}><$&{tls_version}><$&{cipher_bits}><$4><$2><$3><$&{server_addr}><$1><$&h><$&{server_name}><$&{cn_subject}><$&{cert_issuer}> $: ? $)>
R$*			$@ $>"Tlswarden_answer" $1

STlswarden_try
R$*			$: $(macro {Tlswarden_tried} $@ ? $) <$(sendmail try:<$&{server_addr}><$&u><$&h><$&{server_name}> $: ? $)>
R<ok>			$@ $(macro {Tlswarden_tried} $@ ok $)
R<no>			$: $(macro {Tlswarden_tried} $@ no $) <no>
R<no>			$#error $@ 4.7.0 $: "451 4.7.0 TLS policy: no STARTTLS to this server"

ifelse(_ARG2_, `inbound', `dnl
STlswarden_client
R<$*>			$: $1
R$*			$: <$(sendmail clt:<$&{verify}><$&{tls_version}><$&{cipher_bits}><$&{client_addr}><$&f><$1><$&{cert_fp}><$&{cn_subject}><$&{cert_subject}><$&{cert_issuer}> $: ? $)>
R$*			$@ $>"Tlswarden_answer" $1

SLocal_check_rcpt
R$*			$: $1 $| $>"Tlswarden_client" $1
R$* $| $#$*		$#$2
R$* $| <judged>		$: $1
R$* $| $*		_TLSWARDEN_WAIT_

', `dnl
')dnl
STlswarden_features
R$*			$: <$(sendmail feat:<$&{client_addr}> $: ? $)>
R<S>			$# S

# Rules of the site behind these see what they would see without them, and
# none of them takes a refusal back. A ruleset that meets a text it cannot read
# breaks off: what is neither judged nor refused has to wait.
LOCAL_TLS_SERVER
R$*			$: $1 $| $>"Tlswarden_server" $1
R$* $| $#$*		$#$2
R$* $| <judged>		$: $1
R$* $| $*		_TLSWARDEN_WAIT_

LOCAL_TLS_RCPT
R$*			$: $1 $| $>"Tlswarden_rcpt" $1
R$* $| $#$*		$#$2
R$* $| <judged>		$: $1
R$* $| $*		_TLSWARDEN_WAIT_

LOCAL_TRY_TLS
R$*			$: $1 $| $>"Tlswarden_try" $1
R$* $| $#$*		$#$2
R$* $| $*		$: $1

LOCAL_SRV_FEATURES
R$*			$: $1 $| $>"Tlswarden_features" $1
R$* $| $#$*		$#$2
R$* $| $*		$: $1
popdef(`_MAILER_DEFINED_')divert(0)dnl
