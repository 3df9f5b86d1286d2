/* tlswarden: fact/reason - the rows of the one table of reasons.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Enhanced status codes: RFC 3463, RFC 5248 (X.7.10), result types: RFC 8460
 * section 4.3. Field order is that of struct reason_info.
 */
#include "config.h"

#include "fact/reason.h"

/* clang-format off */
const struct reason_info reason_table[REASON_COUNT] = {
	[REASON_UNKNOWN] = {
		"unknown", false, FAULT_UNKNOWN, "7.0", "",
		"the state of TLS could not be determined",
		"try again later",
		"The state of this session could not be determined.",
		"Look at the log lines before this one; run tlswarden explain "
		"with the same facts.",
		"Nothing is known to be wrong at your side; please try again."
	},
	[REASON_NO_TLS] = {
		"no_tls", false, FAULT_THEIRS, "7.10", "starttls-not-supported",
		"this session is not encrypted",
		"enable STARTTLS on your outbound server",
		"The session was not encrypted although the rule demands TLS.",
		"Ask the partner to enable TLS; until then a rule with mode "
		"monitor or level preferred lets the mail pass.",
		"Please enable STARTTLS (opportunistic or mandatory TLS) on "
		"the server that sends to us, and check that no firewall "
		"strips the STARTTLS keyword."
	},
	[REASON_PROTOCOL_TOO_OLD] = {
		"protocol_too_old", false, FAULT_THEIRS, "7.6", "validation-failure",
		"the TLS protocol version is too old",
		"enable TLS 1.2 or newer",
		"The session used a TLS protocol version older than the rule "
		"allows.",
		"Lower min_protocol of the rule, or ask the partner to update.",
		"Please enable TLS 1.2 or TLS 1.3 on your mail server; the "
		"version in use is not accepted any more."
	},
	[REASON_CIPHER_TOO_WEAK] = {
		"cipher_too_weak", false, FAULT_THEIRS, "7.6", "validation-failure",
		"the cipher is too weak",
		"enable ciphers with longer keys",
		"The cipher that was negotiated has fewer bits than the rule "
		"demands.",
		"Lower min_bits of the rule, or ask the partner to enable "
		"stronger ciphers.",
		"Please enable cipher suites with longer symmetric keys, "
		"AES-256-GCM for instance."
	},
	[REASON_NO_CLIENT_CERT] = {
		"no_client_cert", false, FAULT_THEIRS, "7.5", "validation-failure",
		"no client certificate was presented",
		"configure a client certificate on your outbound server",
		"The sending server presented no client certificate although "
		"the rule demands one.",
		"Check that the MTA asks for certificates (Postfix: "
		"smtpd_tls_ask_ccert = yes), or use level encrypt.",
		"Please configure a client certificate on the server that "
		"sends to us (Postfix: smtp_tls_cert_file; Sendmail: "
		"confCLIENT_CERT)."
	},
	[REASON_CERT_NOT_VERIFIED] = {
		"cert_not_verified", false, FAULT_THEIRS, "7.5", "certificate-not-trusted",
		"no verified certificate was presented",
		"present a certificate issued by a CA that we trust, with its "
		"whole chain",
		"The peer presented no certificate, or one that could not be "
		"verified.",
		"Check that the MTA asks for certificates (Postfix: "
		"smtpd_tls_ask_ccert = yes) and that the issuing CA is in its "
		"CA file; run tlswarden probe or verify for the chain.",
		"Please present a certificate that is valid, issued by a CA "
		"that we trust, together with its intermediate certificates."
	},
	[REASON_ISSUER_MISMATCH] = {
		"issuer_mismatch", false, FAULT_THEIRS, "7.5", "certificate-not-trusted",
		"the certificate was issued by another CA than agreed",
		"use a certificate of the CA that was agreed",
		"The certificate was issued by another CA than the rule names.",
		"If the partner changed the CA on purpose, import the new one "
		"(tlswarden ca import) and point the rule at it.",
		"Please use a certificate issued by the CA that we agreed "
		"upon, or tell us the new one."
	},
	[REASON_SUBJECT_MISMATCH] = {
		"subject_mismatch", false, FAULT_THEIRS, "7.5", "certificate-host-mismatch",
		"the certificate carries another name than agreed",
		"use a certificate with the name that was agreed",
		"The certificate does not carry a name that the rule accepts.",
		"If the new name is right, add it to cert_name of the rule.",
		"Please use a certificate that carries the name that we agreed"
		" upon."
	},
	[REASON_FINGERPRINT_MISMATCH] = {
		"fingerprint_mismatch", false, FAULT_THEIRS, "7.5", "certificate-not-trusted",
		"the certificate is not the pinned one",
		"tell us the fingerprint of your new certificate",
		"Neither the certificate nor its key has the fingerprint that "
		"the rule pins.",
		"If the certificate was renewed, compare the new fingerprint "
		"with the partner over another channel and put it into "
		"cert_fingerprint.",
		"Your certificate or key changed. Please confirm its SHA-256 "
		"fingerprint to us over another channel."
	},
	[REASON_SELF_SIGNED_LEAF] = {
		"self_signed_leaf", false, FAULT_THEIRS, "7.5", "certificate-not-trusted",
		"the certificate is self-signed",
		"install a certificate issued by a CA",
		"The server's certificate is signed by itself and no CA "
		"vouches for it.",
		"Pin it with cert_fingerprint, or import it (tlswarden ca "
		"import) and name it in ca of the rule.",
		"Please replace the self-signed certificate (often an "
		"appliance's default) by one issued by a public CA."
	},
	[REASON_UNTRUSTED_ROOT] = {
		"untrusted_root", false, FAULT_THEIRS, "7.5", "certificate-not-trusted",
		"the root CA is not trusted",
		"use a certificate of a CA that we trust",
		"The chain is complete but ends in a root that is not in our "
		"trust store.",
		"If the partner runs this CA on purpose, import its root "
		"(tlswarden ca import) and name it in ca of the rule.",
		"Your certificate is issued by a CA that we do not trust. "
		"Please use a public CA, or send us your root certificate over"
		" another channel."
	},
	[REASON_INCOMPLETE_CHAIN] = {
		"incomplete_chain", false, FAULT_THEIRS, "7.5", "certificate-not-trusted",
		"the intermediate certificate was not sent",
		"install the intermediate certificate of your CA",
		"The server did not send the intermediate certificate that "
		"links its certificate to a trusted root.",
		"Import the missing intermediate (tlswarden ca import) until "
		"the partner sends it.",
		"Please append the intermediate certificate of your CA to the "
		"certificate file of your mail server (full chain, the "
		"server's certificate first)."
	},
	[REASON_WRONG_INTERMEDIATE] = {
		"wrong_intermediate", false, FAULT_THEIRS, "7.5", "certificate-not-trusted",
		"the intermediate certificate sent does not belong to the "
		"certificate",
		"install the intermediate that issued your certificate",
		"The intermediate certificate that was sent has the right name"
		" but did not sign the certificate.",
		"Nothing at our side; import the right intermediate (tlswarden"
		" ca import) as a stop-gap.",
		"The intermediate certificate that you send does not belong to"
		" your certificate (the CA was re-keyed, or a file of the old "
		"certificate is left). Please install the one that came with "
		"the certificate."
	},
	[REASON_ISSUER_UNKNOWN] = {
		"issuer_unknown", false, FAULT_THEIRS, "7.5", "certificate-not-trusted",
		"the issuer of the certificate is unknown",
		"send the whole chain of a CA that we trust",
		"The issuer was neither sent nor is it known here: either an "
		"intermediate is missing or the root is private.",
		"Ask the partner which CA issued it; run tlswarden verify with"
		" --fetch-issuers to find out.",
		"We cannot find the issuer of your certificate. Please send "
		"the whole chain; if your CA is a private one, send us its "
		"root over another channel."
	},
	[REASON_EXPIRED_LEAF] = {
		"expired_leaf", false, FAULT_THEIRS, "7.5", "certificate-expired",
		"the certificate has expired",
		"renew the certificate",
		"The server's certificate has expired.",
		"Nothing but waiting for the partner; a bypass that ends by "
		"itself (tlswarden bypass) keeps mail flowing meanwhile.",
		"Your mail server's certificate has expired. Please renew it "
		"and restart the mail server."
	},
	[REASON_EXPIRED_INTERMEDIATE] = {
		"expired_intermediate", false, FAULT_THEIRS, "7.5", "certificate-expired",
		"an intermediate certificate has expired",
		"install the current intermediate certificate of your CA",
		"An intermediate certificate of the chain has expired; the "
		"server's own may still be good.",
		"Import the current intermediate of that CA (tlswarden ca "
		"import).",
		"An intermediate certificate that your mail server sends has "
		"expired. Please install the current one of your CA; your own "
		"certificate need not change."
	},
	[REASON_EXPIRED_ROOT] = {
		"expired_root", false, FAULT_OURS, "7.5", "certificate-expired",
		"the root certificate has expired",
		"use a certificate that chains to a current root",
		"The root certificate that the chain ends in has expired.",
		"Update the trust store (ca-certificates), or import the CA's "
		"current root.",
		"Your certificate chains to a root that has expired. Please "
		"ask your CA for a chain to its current root."
	},
	[REASON_NOT_YET_VALID] = {
		"not_yet_valid", false, FAULT_THEIRS, "7.5", "validation-failure",
		"a certificate is not valid yet",
		"check the clock and the certificate's dates",
		"A certificate of the chain begins to be valid in the future.",
		"Check our own clock first.",
		"A certificate of your chain is not valid yet. Please check "
		"its dates and the clock of the machine that issued it."
	},
	[REASON_NAME_MISMATCH] = {
		"name_mismatch", false, FAULT_THEIRS, "7.5", "certificate-host-mismatch",
		"the certificate does not carry the expected name",
		"use a certificate with that name",
		"The certificate is not for the name that was asked for.",
		"If another name is acceptable, put it into cert_name of the "
		"rule (hostname, nexthop or the name itself).",
		"Your certificate does not carry the name under which we reach"
		" your server. Please add it to the subject alternative names."
	},
	[REASON_WRONG_PURPOSE] = {
		"wrong_purpose", false, FAULT_THEIRS, "7.5", "validation-failure",
		"the certificate is not meant for this use",
		"use a certificate with the right extended key usage",
		"The extended key usage of the certificate does not allow this"
		" use.",
		"Nothing at our side; a rule with cert_fingerprint can pin it "
		"as it is.",
		"Your certificate's extended key usage does not allow TLS "
		"server (or client) authentication. Please have it issued anew"
		" with serverAuth and clientAuth."
	},
	[REASON_BAD_KEY_USAGE] = {
		"bad_key_usage", false, FAULT_THEIRS, "7.5", "validation-failure",
		"the key usage of a certificate does not allow this use",
		"use a certificate with the right key usage",
		"The key usage extension of a certificate does not allow what "
		"it is used for.",
		"Nothing at our side.",
		"The key usage of your certificate does not allow this use. "
		"Please have it issued anew with digital signature and key "
		"encipherment."
	},
	[REASON_WEAK_KEY] = {
		"weak_key", false, FAULT_THEIRS, "7.5", "validation-failure",
		"a key is too short",
		"use a key of at least RSA 2048 or EC 256 bits",
		"A key of the chain is too short for today's security level.",
		"Lower the auth level only as a stop-gap.",
		"A key of your certificate chain is too short. Please use RSA "
		"with at least 2048 bits, or an EC key of 256 bits."
	},
	[REASON_WEAK_SIGNATURE] = {
		"weak_signature", false, FAULT_THEIRS, "7.5", "validation-failure",
		"a signature uses a broken digest",
		"have the certificate issued anew with SHA-256",
		"A certificate of the chain is signed with a digest that is "
		"not secure any more (SHA-1 or MD5).",
		"Lower the auth level only as a stop-gap.",
		"A certificate of your chain is signed with SHA-1 or MD5. "
		"Please have it issued anew with SHA-256."
	},
	[REASON_NAME_CONSTRAINTS] = {
		"name_constraints", false, FAULT_THEIRS, "7.5", "certificate-not-trusted",
		"the CA may not issue for this name",
		"use a certificate of a CA that may issue for your name",
		"A CA of the chain is constrained to other names than the "
		"certificate carries.",
		"Nothing at our side.",
		"A CA of your chain is not allowed to issue for the names in "
		"your certificate (name constraints). Please ask your CA."
	},
	[REASON_PATH_LENGTH] = {
		"path_length", false, FAULT_THEIRS, "7.5", "certificate-not-trusted",
		"the chain is longer than a CA allows",
		"ask your CA for a proper chain",
		"A CA certificate allows fewer intermediates below it than the"
		" chain has.",
		"Nothing at our side.",
		"A CA of your chain allows fewer intermediate CAs below it "
		"than you send. Please ask your CA."
	},
	[REASON_INVALID_CA] = {
		"invalid_ca", false, FAULT_THEIRS, "7.5", "certificate-not-trusted",
		"an issuer in the chain is not a CA",
		"install the right intermediate certificate",
		"A certificate that signed another one is not a CA "
		"certificate.",
		"Nothing at our side.",
		"A certificate in your chain signed another one without being "
		"a CA. Please install the intermediate certificates of your CA"
		" only."
	},
	[REASON_BAD_SIGNATURE] = {
		"bad_signature", false, FAULT_THEIRS, "7.5", "validation-failure",
		"a signature of the chain is wrong",
		"install the certificate files anew",
		"The signature of a certificate does not verify: it was "
		"damaged or forged.",
		"Fetch the chain again; if it stays so somebody may be in the "
		"path.",
		"The signature of a certificate in your chain is wrong. Please"
		" install the files anew as your CA delivered them."
	},
	[REASON_MALFORMED] = {
		"malformed", false, FAULT_THEIRS, "7.5", "validation-failure",
		"a certificate is malformed",
		"have the certificate issued anew",
		"A certificate or one of its extensions cannot be decoded.",
		"Nothing at our side.",
		"A certificate of your chain is malformed. Please have it "
		"issued anew."
	},
	[REASON_CRITICAL_EXTENSION] = {
		"critical_extension", false, FAULT_THEIRS, "7.5", "validation-failure",
		"a certificate has a critical extension that is not understood",
		"use a certificate without it",
		"A certificate has an extension marked critical that this "
		"software does not understand.",
		"Nothing at our side.",
		"A certificate of your chain has an unusual extension marked "
		"critical. Please have it issued without it."
	},
	[REASON_REVOKED] = {
		"revoked", false, FAULT_THEIRS, "7.5", "certificate-not-trusted",
		"a certificate was revoked",
		"replace the certificate",
		"The CA has revoked a certificate of the chain.",
		"Nothing: treat the partner's key as stolen until he explains.",
		"Your CA has revoked a certificate of your chain. Please "
		"replace it at once and find out why."
	},
	[REASON_CRL_UNUSABLE] = {
		"crl_unusable", false, FAULT_OURS, "7.5", "",
		"the revocation list could not be used",
		"try again later",
		"A certificate revocation list that is needed is missing, "
		"expired or not valid.",
		"Fetch a current CRL, or verify without --crl.",
		"The revocation list of your CA is missing or expired. Please "
		"tell your CA."
	},
	[REASON_DISTRUSTED] = {
		"distrusted", false, FAULT_THEIRS, "7.5", "certificate-not-trusted",
		"the CA is explicitly distrusted",
		"use a certificate of another CA",
		"A certificate of the chain is marked as distrusted.",
		"Look at the trust settings of our store.",
		"Your CA is distrusted here. Please use another one."
	},
	[REASON_CHAIN_TOO_LONG] = {
		"chain_too_long", false, FAULT_THEIRS, "7.5", "certificate-not-trusted",
		"the chain is too long",
		"send a shorter chain",
		"The chain has more certificates than the limit allows.",
		"Raise --depth.",
		"Your certificate chain is unusually long. Please send only "
		"what leads to the root."
	},
	[REASON_NO_STARTTLS] = {
		"no_starttls", false, FAULT_THEIRS, "7.4", "starttls-not-supported",
		"the server does not offer STARTTLS",
		"enable STARTTLS",
		"The server does not offer STARTTLS.",
		"If the server is known to offer it, something in the path (a "
		"firewall with SMTP inspection) removes it.",
		"Your mail server does not offer STARTTLS. Please enable it, "
		"and check that no firewall in front of it removes the "
		"keyword."
	},
	[REASON_STARTTLS_REFUSED] = {
		"starttls_refused", false, FAULT_THEIRS, "7.4", "starttls-not-supported",
		"the server refused to start TLS",
		"repair TLS on your server",
		"The server offers STARTTLS but refused to start it.",
		"Nothing at our side; try again later.",
		"Your mail server offers STARTTLS but refuses it when asked, "
		"often because it cannot read its certificate or key. Please "
		"look at its log."
	},
	[REASON_STARTTLS_INJECTION] = {
		"starttls_injection", false, FAULT_PATH, "7.5", "validation-failure",
		"plaintext was injected before the handshake",
		"look for a device in the path that tampers with SMTP",
		"Data arrived in clear between the answer to STARTTLS and the "
		"handshake: a server may not speak there.",
		"Do not trust this path; ask the partner to test from another "
		"place.",
		"Your server, or something in the path, sends plaintext after "
		"agreeing to STARTTLS. This is a known attack; please check "
		"the server's version and the path."
	},
	[REASON_HANDSHAKE_FAILURE] = {
		"handshake_failure", false, FAULT_THEIRS, "7.5", "validation-failure",
		"the TLS handshake failed",
		"check the TLS configuration",
		"The TLS handshake failed.",
		"Compare the protocol versions and ciphers that both sides "
		"allow.",
		"The TLS handshake with your server fails. Please check its "
		"certificate, key, protocol versions and ciphers."
	},
	[REASON_LEGACY_PROTOCOL] = {
		"legacy_protocol", false, FAULT_THEIRS, "7.6", "validation-failure",
		"only an old TLS protocol version is offered",
		"enable TLS 1.2 or newer",
		"The server speaks only TLS versions that are not accepted any"
		" more.",
		"Lower min_protocol of the rule only as a stop-gap.",
		"Your mail server speaks only TLS 1.0 or 1.1. Please enable "
		"TLS 1.2 or 1.3."
	},
	[REASON_CONNECTION_CLOSED] = {
		"connection_closed", false, FAULT_THEIRS, "4.2", "",
		"the connection was closed",
		"try again later",
		"The server closed the connection before the session was "
		"complete.",
		"Try again; look for connection limits and block lists.",
		"Your mail server closes the connection early. Please look at "
		"its log for our address."
	},
	[REASON_PROTOCOL_ERROR] = {
		"protocol_error", false, FAULT_THEIRS, "5.0", "",
		"the server's reply is not SMTP",
		"check what listens on that port",
		"The server answered something that is not SMTP.",
		"Check host and port.",
		"Your mail server answers with something that is not SMTP. "
		"Please check what listens on that port."
	},
	[REASON_TIMEOUT] = {
		"timeout", false, FAULT_PATH, "4.1", "",
		"the server did not answer in time",
		"check the server and the path",
		"The server did not answer in time.",
		"Check the path (firewall, routing, MTU) and try again.",
		"Your mail server did not answer in time. Please check its "
		"load and the firewalls in front of it."
	},
	[REASON_SMTP_REFUSED] = {
		"smtp_refused", false, FAULT_THEIRS, "7.1", "",
		"the server refused the session",
		"accept our connections",
		"The server refused the session before TLS.",
		"Look at its words: our address may be on a block list.",
		"Your mail server refuses our connection. Please look at its "
		"log for our address."
	},
	[REASON_CLIENT_CERT_REQUIRED] = {
		"client_cert_required", false, FAULT_THEIRS, "7.5", "validation-failure",
		"the server insists on a client certificate",
		"do not require client certificates from other mail servers",
		"The server ends the handshake because we presented no client "
		"certificate.",
		"If the partner demands it on purpose, give the MTA a client "
		"certificate (Postfix: smtp_tls_cert_file).",
		"Your mail server insists on a client certificate. Mail "
		"servers of others rarely have one: please make it optional."
	},
	[REASON_DNS_FAILURE] = {
		"dns_failure", false, FAULT_PATH, "4.3", "",
		"the name could not be resolved",
		"check the DNS of the domain",
		"DNS gave no usable answer for the destination.",
		"Check our resolver; then ask the partner.",
		"The DNS of your domain gives no usable answer for its mail "
		"servers. Please check the MX and address records."
	},
	[REASON_CONNECTION_REFUSED] = {
		"connection_refused", false, FAULT_THEIRS, "4.1", "",
		"the connection was refused",
		"check that the mail server runs",
		"Nothing accepts connections at that address and port, or it "
		"cannot be reached.",
		"Check address and port, and our own firewall.",
		"Your mail server refuses connections. Please check that it "
		"runs and that the firewall lets us in."
	},
	[REASON_CN_ONLY] = {
		"cn_only", true, FAULT_THEIRS, "7.5", "",
		"the name stands only in the common name",
		"have the name put into the subject alternative names",
		"The certificate carries its name only in the subject's CN; "
		"strict software (RFC 9525) ignores it.",
		"Nothing: mail software accepts it today.",
		"Your certificate has no subject alternative name. Please have"
		" the name added at the next renewal."
	},
	[REASON_WRONG_ORDER] = {
		"wrong_order", true, FAULT_THEIRS, "7.5", "",
		"the certificates are sent in the wrong order",
		"send the server's certificate first, then each issuer",
		"The certificates are sent in the wrong order (RFC 5246 7.4.2:"
		" each certifies the one before it).",
		"Nothing: most software sorts them.",
		"Please put the certificates of your chain in order: the "
		"server's first, then each issuer."
	},
	[REASON_EXTRA_CERTS] = {
		"extra_certs", true, FAULT_THEIRS, "7.5", "",
		"certificates are sent that are not needed",
		"send only the chain",
		"Certificates are sent that do not belong to the chain.",
		"Nothing.",
		"Please remove the certificates that do not belong to your "
		"chain."
	},
	[REASON_DUPLICATE] = {
		"duplicate", true, FAULT_THEIRS, "7.5", "",
		"a certificate is sent twice",
		"send each certificate once",
		"A certificate is sent more than once.",
		"Nothing.",
		"Please send each certificate of your chain once."
	},
	[REASON_ROOT_INCLUDED] = {
		"root_included", true, FAULT_THEIRS, "7.5", "",
		"the root is sent with the chain",
		"leave the root out",
		"The root certificate is sent although every peer must have it"
		" already.",
		"Nothing.",
		"The root certificate need not be sent; leaving it out makes "
		"handshakes shorter."
	},
	[REASON_CROSS_SIGNED] = {
		"cross_signed", true, FAULT_THEIRS, "7.5", "",
		"the chain has a cross-signed certificate",
		"nothing",
		"A certificate of the chain exists under two issuers; the path"
		" through the other one is good.",
		"Nothing.",
		"Nothing needs to change; the cross-signed certificate may be "
		"left out once no old software needs it."
	},
	[REASON_CLIENT_CERT_REQUESTED] = {
		"client_cert_requested", true, FAULT_THEIRS, "7.5", "",
		"the server asks for a client certificate",
		"nothing",
		"The server asks for a client certificate and goes on without "
		"one.",
		"Nothing: none is needed.",
		"Your server asks for client certificates. Some software fails"
		" at that; leave it off unless you use them."
	},
	[REASON_EXPIRES_SOON] = {
		"expires_soon", true, FAULT_THEIRS, "7.5", "",
		"a certificate expires soon",
		"renew the certificate",
		"A certificate of the chain expires soon.",
		"Remind the partner.",
		"A certificate of your chain expires soon. Please renew it in "
		"time."
	},
	[REASON_OCSP_MISSING] = {
		"ocsp_missing", true, FAULT_THEIRS, "7.5", "",
		"no OCSP response is stapled although the certificate demands "
		"it",
		"enable OCSP stapling",
		"The certificate says that an OCSP response must be stapled, "
		"and none is.",
		"Nothing.",
		"Your certificate has the must-staple extension but your "
		"server staples no OCSP response. Please enable stapling or "
		"have the extension left out."
	},
};
/* clang-format on */
