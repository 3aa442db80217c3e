/** One of the invariants of the simulation (tests/sim/README.md) does not hold. */
export class Violation extends Error {
	override readonly name = 'Violation';
	readonly invariant: number;

	constructor(invariant: number, message: string) {
		super(`invariant ${invariant}: ${message}`);
		this.invariant = invariant;
	}
}

/** @throws Violation of an invariant, by its number, unless it holds */
export function mustHold(holds: boolean, invariant: number, message: string | (() => string)): void {
	if (!holds) throw new Violation(invariant, typeof message === 'string' ? message : message());
}
