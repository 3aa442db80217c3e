/** What is on its way, and what had to be done twice. */
import { formatCount, formatShare } from '../../../shared/format.ts';
import { Card, Figure, Figures } from '../../parts/card.tsx';
import type { RunTraffic } from './picture.ts';

export function Traffic({ traffic }: { readonly traffic: RunTraffic }) {
	const { inFlight, pending, requests, retries, hedges, failures } = traffic;
	return (
		<Card title="Requests to workers">
			<Figures>
				<Figure label="Hosts in flight" value={formatCount(inFlight)} />
				<Figure label="Hosts waiting" value={formatCount(pending)} />
				<Figure label="Requests" value={formatCount(requests)} />
				<Figure label="Retries" value={formatCount(retries)} note={formatShare(retries, requests)} />
				<Figure label="Hedges" value={formatCount(hedges)} note={formatShare(hedges, requests)} />
				<Figure label="Failed" value={formatCount(failures)} note={formatShare(failures, requests)} />
			</Figures>
		</Card>
	);
}
