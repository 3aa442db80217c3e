/** What the run was asked to do. */
import { formatMoment } from '../../../shared/format.ts';
import { Card } from '../../parts/card.tsx';
import { SafeText } from '../../parts/safe-text.tsx';
import type { RunPicture } from './picture.ts';

export function Settings({ picture }: { readonly picture: RunPicture }) {
	return (
		<Card title="Settings">
			<dl class="settings">
				<div>
					<dt>Started</dt>
					<dd>{formatMoment(picture.startedAtMs)}</dd>
				</div>
				{picture.settings.map(([name, value]) => (
					<div key={name}>
						<dt>
							<SafeText text={name} />
						</dt>
						<dd>
							<SafeText text={value} />
						</dd>
					</div>
				))}
			</dl>
		</Card>
	);
}
