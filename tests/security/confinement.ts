/**
 * What systemd would make of a unit of deploy/systemd/, without systemd: the same user, capabilities, files, system
 * calls and families of sockets, taken from the unit's own lines. The checkout is where the unit expects it, in a mount
 * namespace of the process.
 */
import { fileURLToPath } from 'node:url';
import { nobody } from '../requirements.ts';
import { allowedSystemCalls } from './system-calls.ts';
import type { UnitFile } from './unit-file.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const families: Readonly<Record<string, number>> = { AF_UNIX: 1, AF_INET: 2, AF_INET6: 10, AF_NETLINK: 16 };

/**
 * Arguments: the checkout, the folder that becomes the state directory, paths that programs may be in (between
 * spaces), the umask, then what to run. The commands that finish the confinement (setpriv, unshare) can be run in it.
 */
const script = `
mount -t tmpfs tmpfs /opt
mkdir /opt/pingpool
mount --bind "$1" /opt/pingpool
mkdir /opt/state
mount --bind "$2" /opt/state
mount -t tmpfs tmpfs /var/lib
mkdir /var/lib/pingpool-worker
mount --bind /opt/state /var/lib/pingpool-worker
umount /opt/state
mount -t tmpfs tmpfs /run
for hidden in /home /root /run/user; do
	test ! -e "$hidden" || mount -t tmpfs -o mode=0 tmpfs "$hidden"
done
executable=' '
for path in $3 "$(command -v setpriv)" "$(command -v unshare)"; do
	test -e "$path" || continue
	path=$(readlink -f "$path")
	mount --bind "$path" "$path"
	executable="$executable$path "
done
while read -r _ point _; do
	case "$point" in / | /proc* | /sys* | /dev*) continue ;; esac
	mountpoint -q "$point" || test -f "$point" || continue
	how=ro,noexec,nosuid,nodev
	case "$executable" in *" $point "*) how=ro,nosuid,nodev ;; esac
	case "$point" in /var/lib/pingpool-worker) how=noexec,nosuid,nodev ;; esac
	mount -o "remount,bind,$how" "$point"
done < /proc/self/mounts
mount -t tmpfs -o mode=1777,noexec,nosuid,nodev tmpfs /tmp
mount -t proc -o hidepid=invisible,subset=pid,noexec,nosuid,nodev proc /proc
umask "$4"
shift 4
mount -o remount,bind,ro,noexec,nosuid,nodev /
exec "$@"
`;

/**
 * The command line of a unit, confined as it says.
 *
 * @param stateFolder what it has as its state directory; belongs to its user
 * @param args for its node. Default: those of ExecStart
 */
export function confinedCommand(
	unit: UnitFile,
	stateFolder: string,
	args?: readonly string[],
): [string, ...string[]] {
	const service = (name: string): string => unit.last('Service', name);
	const rules = {
		systemCalls: [...allowedSystemCalls(unit.all('Service', 'SystemCallFilter'))],
		families: service('RestrictAddressFamilies')
			.split(' ')
			.map((name) => families[name]!),
	};
	const [node, ...ownArgs] = service('ExecStart').split(' ') as [string, ...string[]];
	const confine = ['/opt/pingpool/tests/security/confine.ts', JSON.stringify(rules)];
	const inNamespace = service('PrivateUsers') === 'yes';
	const kept = onlyCapabilities(service('AmbientCapabilities'));
	const paths = service('ExecPaths').replaceAll('-/', '/');
	return [
		'unshare',
		...['--mount', 'sh', '-e', '-c', script, 'sh', root, stateFolder, paths, service('UMask')],
		...['setpriv', ...user, ...(inNamespace ? [] : kept)],
		// A namespace of its own begins with every capability within it.
		...(inNamespace ? ['unshare', '--user', '--map-current-user', '--keep-caps', 'setpriv', ...kept] : []),
		...[node, ...confine, node, ...(args ?? ownArgs)],
	];
}

const user = [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', '--no-new-privs'];

/** @param names between spaces */
function onlyCapabilities(names: string): string[] {
	const added = names.split(' ').filter((name) => name !== '');
	const kept = ['-all', ...added.map((name) => `+${name.replace('CAP_', '').toLowerCase()}`)].join(',');
	return [`--inh-caps=${kept}`, `--ambient-caps=${kept}`, `--bounding-set=${kept}`];
}

/** The environment that a unit sets. */
export function environmentOf(unit: UnitFile): Record<string, string> {
	const pairs = unit
		.all('Service', 'Environment')
		.map((line) => line.replaceAll('%S', '/var/lib').split('='));
	return { HOME: '/', ...Object.fromEntries(pairs) };
}
