/** A number as people read it: three figures at least, thousands set apart. */
export function numberText(value: number): string {
	if (value === 0) return '0';
	const digits = Math.floor(Math.log10(Math.abs(value)));
	const fractionDigits = Math.min(6, Math.max(0, 2 - digits));
	return value.toLocaleString('en-US', {
		minimumFractionDigits: Number.isInteger(value) ? 0 : fractionDigits,
		maximumFractionDigits: fractionDigits,
	});
}
