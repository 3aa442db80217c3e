/** What the terminal behind an output can do, as far as the environment tells. */

export interface TerminalTraits {
	/** what was written can be drawn over */
	readonly isLive: boolean;
	readonly hasColour: boolean;
	/** lines are broken anew when the width changes */
	readonly reflows: boolean;
}

/**
 * @param isTerminal whether there is one at all
 * @param environment TERM, NO_COLOR (https://no-color.org: anything but an empty text), and what names xterm, the one
 *   terminal left that cuts what it shows when it becomes narrower; tmux inside of it does not
 */
export function terminalTraits(
	isTerminal: boolean,
	environment: Readonly<Record<string, string | undefined>>,
): TerminalTraits {
	const { TERM: kind, NO_COLOR: noColour, XTERM_VERSION: xterm, TMUX: tmux } = environment;
	const isLive = isTerminal && kind !== 'dumb';
	return {
		isLive,
		hasColour: isLive && (noColour ?? '') === '',
		reflows: (xterm ?? '') === '' || (tmux ?? '') !== '',
	};
}
