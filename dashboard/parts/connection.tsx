/** Whether what is shown is of now. */
import type { Connection } from '../state/live.ts';
import { connection, reconnect } from '../state/live.ts';
import type { SymbolName, Tone } from './status-badge.tsx';
import { StateSymbol } from './status-badge.tsx';

const shown: Readonly<Record<Connection, { tone: Tone; symbol: SymbolName; text: string }>> = {
	off: { tone: 'plain', symbol: 'circle', text: 'From the database' },
	connecting: { tone: 'plain', symbol: 'dots', text: 'Connecting' },
	failed: { tone: 'bad', symbol: 'exclamation', text: 'The live stream does not answer: trying again' },
	live: { tone: 'good', symbol: 'circle', text: 'Live' },
	reconnecting: { tone: 'warn', symbol: 'exclamation', text: 'Reconnecting: these are the last numbers' },
	ended: { tone: 'plain', symbol: 'check', text: 'The run has ended' },
};

export function ConnectionState() {
	const { tone, symbol, text } = shown[connection.value];
	const isBroken = connection.value === 'reconnecting' || connection.value === 'failed';
	return (
		<>
			<span class={`connection tone-${tone}`} role="status">
				<StateSymbol name={symbol} />
				{text}
			</span>
			{isBroken && (
				<button type="button" class="button" onClick={reconnect}>
					Try now
				</button>
			)}
		</>
	);
}
