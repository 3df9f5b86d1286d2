#!/bin/bash
# tlswarden: the Debian package, installed, used and removed in a copy of this
# machine's root that is thrown away: make check-package. PACKAGE=FILE takes one
# that is there already.
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck source=../e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"
E2E_TIMEOUT=${E2E_TIMEOUT:-900}
if [ -z "${PACKAGE:-}" ]; then
	rm -rf "$BUILD/package"
	"$SOURCE/contrib/package-debian" "$BUILD/package" ||
	    bail "contrib/package-debian does not make a package"
	export PACKAGE
	PACKAGE=$(echo "$BUILD"/package/tlswarden_*.deb)
fi
e2e_init "$0"

# What the package writes goes to memory.
root=$RUN/root
root_make()
{
	mount -t tmpfs none "$RUN" &&
	    mkdir "$RUN/upper" "$RUN/work" "$root" &&
	    mount -t overlay overlay "$root" \
		-o "lowerdir=/,upperdir=$RUN/upper,workdir=$RUN/work" &&
	    mount -t proc none "$root/proc" &&
	    mount --bind /dev "$root/dev"
}

root_make || bail "cannot make an overlay of /"
cp "$PACKAGE" "$root/tmp/tlswarden.deb"

inside()
{
	chroot "$root" "$@"
}

modes()
{
	inside stat -c '%U:%G %a' "$1"
}

# Nothing starts by itself: this is no machine that runs.
printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"

install()
{
	inside dpkg -i /tmp/tlswarden.deb
}

check "dpkg installs it" install
is "$(inside id -un tlswarden)" tlswarden "it made its user"
is "$(inside id -gn tlswarden-prober)" tlswarden-prober "and the prober's"
is "$(modes /var/spool/postfix/tlswarden)" tlswarden:postfix\ 2750 \
    "the sockets' folder in Postfix's chroot"
like "$(modes /var/lib/tlswarden/policy.db)" '^root:tlswarden 6?40' \
    "the table is there, and the daemons may read it"
like "$(inside tlswarden --version)" '^tlswarden [0-9]' "tlswarden runs"
inside tlswarden rule add --direction out --recipient partner.test \
    --level encrypt > "$RUN/add" 2>&1
is $? 0 "a rule is added"
for unit in policyd milter prober; do
	file=/lib/systemd/system/tlswarden-$unit.service
	check "its unit is valid: $unit" inside systemd-analyze verify "$file"
	program=$(inside sed -n 's/^ExecStart=//p' "$file" | cut -d' ' -f1)
	check "its unit names a program: $unit" inside test -x "$program"
	check "manual page of $unit" inside test -e \
	    "/usr/share/man/man8/tlswarden-$unit.8.gz"
done

is "$(cd "$root/lib/systemd/system" && grep -l ^RuntimeDirectory= tlswarden-* |
    xargs grep -L ^RuntimeDirectoryPreserve=yes)" "" \
    "no unit takes the sockets of another with it"

# Postfix that is installed later.
rmdir "$root/var/spool/postfix/tlswarden"
check "a trigger of Postfix" inside /var/lib/dpkg/info/tlswarden.postinst \
    triggered /usr/sbin/postfix
is "$(modes /var/spool/postfix/tlswarden)" tlswarden:postfix\ 2750 \
    "makes the folder"
like "$(cat "$root/var/lib/dpkg/info/tlswarden.triggers")" \
    '^interest-noawait /usr/sbin/postfix$' "dpkg knows it"

# The daemon as the unit starts it, asked by Postfix's own client.
chroot "$root" /usr/sbin/tlswarden-policyd > "$RUN/policyd.log" 2>&1 &
socket=/var/spool/postfix/tlswarden/policyd.sock
wait_for 20 test -S "$root$socket"
mkdir -p "$root/etc/postfix"
: > "$root/etc/postfix/main.cf"
: > "$root/etc/postfix/master.cf"
is "$(inside postmap -q partner.test \
    "socketmap:unix:$socket:tlspolicy" 2> "$RUN/postmap")" encrypt \
    "policyd answers Postfix"
diag "$(cat "$RUN/postmap")"

# Removed and installed again: the table is as it was.
check "dpkg removes it" inside dpkg -r tlswarden
check "no program is left" test ! -e "$root/usr/sbin/tlswarden-policyd"
check "installed again" install
like "$(inside tlswarden rule list)" partner.test "the rule is still there"
echo "smtp_tls_policy_maps = socketmap:unix:tlswarden/policyd.sock:tlspolicy" \
    > "$root/etc/postfix/main.cf"
said=$(inside dpkg -r tlswarden 2>&1)
like "$said" 'in smtp_tls_policy_maps - .*setup postfix --undo' \
    "removal says what of Postfix still asks"
said=$(inside dpkg -P tlswarden 2>&1)
like "$said" 'left the table.* /var/lib/tlswarden' "a purge says what it leaves"
check "and leaves it" test -s "$root/var/lib/tlswarden/policy.db"
check "the sockets' folder is gone" \
    test ! -e "$root/var/spool/postfix/tlswarden"
done_testing
