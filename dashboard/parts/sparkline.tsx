/** A small line without axes, beside the number that it ends in. */
import { useMemo } from 'preact/hooks';
import './sparkline.css';

interface SparklineProps {
	/** the oldest first */
	readonly values: readonly number[];
	/** how many there can be: a line that has fewer ends at the same place */
	readonly valuesMax: number;
}

const width = 72;
const height = 20;

export function Sparkline({ values, valuesMax }: SparklineProps) {
	const points = useMemo(() => pointsOf(values, valuesMax), [values, valuesMax]);
	return (
		<svg class="sparkline" viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
			<polyline points={points} />
		</svg>
	);
}

function pointsOf(values: readonly number[], valuesMax: number): string {
	const max = Math.max(...values, 1e-9);
	const step = width / (valuesMax - 1);
	const points = values.map((value, i) => {
		const x = width - (values.length - 1 - i) * step;
		return `${x.toFixed(1)},${(height - 1 - (value / max) * (height - 2)).toFixed(1)}`;
	});
	return points.join(' ');
}
