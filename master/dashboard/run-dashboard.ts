/**
 * The dashboard of a run, which it must not cost anything: it is loaded when the run has begun, and what goes wrong with
 * it is said and no more. But an address that its user has chosen is taken before the run begins, so that one which can
 * not be had is an error in time.
 */
import type { Clock } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import type { OnRunEvent } from '../events.ts';
import type { DashboardAddress } from './address.ts';
import type { Listener } from './listen.ts';
import type { Dashboard, DashboardParts } from './start.ts';

export interface RunDashboardOptions
	extends Pick<DashboardParts, 'token' | 'about' | 'openQueries' | 'openMetrics' | 'clock'> {
	readonly address: DashboardAddress;
	readonly source: DashboardParts['source'] & {};
	readonly onEvent: OnRunEvent;
	readonly clock: Clock;
}

/** The first requests of a run go out meanwhile; shorter runs have no dashboard. */
const startAfterMs = 100;

export class RunDashboard {
	readonly #options: RunDashboardOptions;
	readonly #over = new AbortController();
	#listener: Listener | undefined;
	#dashboard: Dashboard | undefined;
	#starting: Promise<void> | undefined;
	#closing: Promise<void> | undefined;

	constructor(options: RunDashboardOptions) {
		this.#options = options;
	}

	/** Before the run. @throws PingpoolError `usage` when its user chose an address that can not be had */
	async reserve(): Promise<void> {
		if (this.#options.address.isChosen) this.#listener = await this.#listen();
	}

	/** The run has begun. */
	begin(): void {
		this.#starting ??= this.#start().catch((error) => {
			if (this.#over.signal.aborted) return;
			const message = `no dashboard: ${messageOf(error)}`;
			this.#options.onEvent({ type: 'notice', message, level: 'warning' });
		});
	}

	/** The run is over: pages are told how it ended. May be called again, to wait for the same. */
	close(): Promise<void> {
		this.#closing ??= this.#close();
		return this.#closing;
	}

	async #close(): Promise<void> {
		this.#over.abort();
		await this.#starting;
		await (this.#dashboard ?? this.#closable())?.close();
	}

	async #start(): Promise<void> {
		const { address, source, onEvent, clock, ...parts } = this.#options;
		await clock.sleep(startAfterMs, this.#over.signal);
		this.#listener ??= await this.#listen();
		const { startDashboard } = await import('./start.ts');
		let isSaid = false;
		const fault = (error: unknown): void => {
			if (isSaid) return;
			isSaid = true;
			onEvent({
				type: 'notice',
				message: `the dashboard met a fault: ${messageOf(error)}`,
				level: 'warning',
			});
		};
		const { host, port } = address;
		const listener = this.#listener;
		this.#dashboard = startDashboard({ ...parts, listener, host, source, clock, fault });
		const { url, isLocal } = this.#dashboard;
		const takenPort = port === 0 || port === listener.port ? undefined : port;
		onEvent({ type: 'dashboard-ready', url, takenPort, isLocal });
	}

	async #listen(): Promise<Listener> {
		const { listenAt } = await import('./listen.ts');
		return listenAt(this.#options.address);
	}

	#closable(): { close(): Promise<void> } | undefined {
		const listener = this.#listener;
		return listener && { close: () => listener.close(0) };
	}
}
