/* tlswarden: tests/unit - a certificate, its key and a CRL for the tests.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Self-signed, CN=Unit, Ed25519, valid 2025 to 2034.
 */
#ifndef TESTS_CERT_SAMPLES_H
#define TESTS_CERT_SAMPLES_H

/* clang-format off */
#define SAMPLE_CERT \
	"-----BEGIN CERTIFICATE-----\n" \
	"MIH+MIGxoAMCAQICAQEwBQYDK2VwMA8xDTALBgNVBAMMBFVuaXQwHhcNMjUwMTAx\n" \
	"MDAwMDAwWhcNMzUwMTAxMDAwMDAwWjAPMQ0wCwYDVQQDDARVbml0MCowBQYDK2Vw\n" \
	"AyEAoFrhFfOPNIRlopWPr9b/gpQXY2gaVYZNtzYgUJCi0cijMjAwMA8GA1UdEwEB\n" \
	"/wQFMAMBAf8wHQYDVR0OBBYEFFxvqmX5ncU6A6oKjAITa2joFRqOMAUGAytlcANB\n" \
	"AIdgfeZfIjC0yQgkmL8isI6J1e27SxhAUH6zbWD37IUU1Ep7At5osRMBJEP/Hpvd\n" \
	"YcMBSPgLhMlsas0KQDxb1Ak=\n" \
	"-----END CERTIFICATE-----\n"

#define SAMPLE_KEY \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MC4CAQAwBQYDK2VwBCIEICpuGQtVVl2SsalrcqLFiJRn9Q4AzNW6x11MOPRjjnAF\n" \
	"-----END PRIVATE KEY-----\n"

#define SAMPLE_CSR \
	"-----BEGIN CERTIFICATE REQUEST-----\n" \
	"MIGOMEICAQAwDzENMAsGA1UEAwwEVW5pdDAqMAUGAytlcAMhAKBa4RXzjzSEZaKV\n" \
	"j6/W/4KUF2NoGlWGTbc2IFCQotHIoAAwBQYDK2VwA0EAGU1QcOVXX6iR+aE8z1mr\n" \
	"oaj09Ph1pfSCarxLmiSWNL7x66Wm1TbZjb6tFNLB4g0P+aW+E3PnN6pZbp1VvQ/S\n" \
	"Bg==\n" \
	"-----END CERTIFICATE REQUEST-----\n"

#define SAMPLE_CRL \
	"-----BEGIN X509 CRL-----\n" \
	"MIGCMDYwBQYDK2VwMA8xDTALBgNVBAMMBFVuaXQXDTI1MDEwMTAwMDAwMFoXDTM1\n" \
	"MDEwMTAwMDAwMFowBQYDK2VwA0EAXs8sEBJ0YeiqitWJ9xzMAeXxqi0nD6nHEL0O\n" \
	"4nLDrvwAgPriDmIOOBhqH3gSERYxSEdypaT5X0UwyuaPGbznAw==\n" \
	"-----END X509 CRL-----\n"

#define SAMPLE_PKCS7 \
	"-----BEGIN PKCS7-----\n" \
	"MIIBLAYJKoZIhvcNAQcCoIIBHTCCARkCAQExADALBgkqhkiG9w0BBwGgggEBMIH+\n" \
	"MIGxoAMCAQICAQEwBQYDK2VwMA8xDTALBgNVBAMMBFVuaXQwHhcNMjUwMTAxMDAw\n" \
	"MDAwWhcNMzUwMTAxMDAwMDAwWjAPMQ0wCwYDVQQDDARVbml0MCowBQYDK2VwAyEA\n" \
	"oFrhFfOPNIRlopWPr9b/gpQXY2gaVYZNtzYgUJCi0cijMjAwMA8GA1UdEwEB/wQF\n" \
	"MAMBAf8wHQYDVR0OBBYEFFxvqmX5ncU6A6oKjAITa2joFRqOMAUGAytlcANBAIdg\n" \
	"feZfIjC0yQgkmL8isI6J1e27SxhAUH6zbWD37IUU1Ep7At5osRMBJEP/HpvdYcMB\n" \
	"SPgLhMlsas0KQDxb1AkxAA==\n" \
	"-----END PKCS7-----\n"

/* of another certificate, and sealed with a pass phrase */
#define SAMPLE_OTHER_KEY \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MC4CAQAwBQYDK2VwBCIEIK4MTjmIrfaQjhs6cifvlgC2a92RfckAMMGL7cfie2ES\n" \
	"-----END PRIVATE KEY-----\n"

#define SAMPLE_SEALED_KEY \
	"-----BEGIN ENCRYPTED PRIVATE KEY-----\n" \
	"MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgOZfLMIWUOwQICA+gw\n" \
	"DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEKOJEvdPu0T3j9eTn31HdSEEQBoG\n" \
	"PAhd1PKxjPdG9hSSsMeolVok5PkOTNHancXzGwCb30pDWvqp3DZL0wuSKRYzz5b0\n" \
	"b392lmKOtApZrpbJs2Q=\n" \
	"-----END ENCRYPTED PRIVATE KEY-----\n"
/* clang-format on */

#endif
