/**
 * Texts from outside: hosts, names of workers, reasons, events. The one way in which they come into the page. What could
 * hide or move stands as `\u{…}`. Letters from right to left stay readable, but turn nothing around: not what stands
 * beside the text, and, as all of these texts read from left to right, not the labels of a name either.
 */
import { escapeHidden } from '../../shared/display.ts';
import { hrefOf } from '../router.ts';
import './safe-text.css';

export function SafeText({ text }: { readonly text: string }) {
	return <bdi dir="ltr">{escapeHidden(text)}</bdi>;
}

interface HostNameProps {
	readonly host: string;
	/** leads to the host's history */
	readonly isLink?: boolean;
	/** on one line with an ellipsis, the whole as a tooltip, instead of on several lines */
	readonly isShort?: boolean;
}

/** A host as its list has it, in the type of addresses. Selecting and copying gives the whole of it. */
export function HostName({ host, isLink = false, isShort = false }: HostNameProps) {
	const text = escapeHidden(host);
	const className = isShort ? 'host-name host-name-short' : 'host-name';
	const title = isShort && text.length > 24 ? text : undefined;
	if (!isLink) {
		return (
			<bdi dir="ltr" class={className} title={title}>
				{text}
			</bdi>
		);
	}
	return (
		<a class={className} title={title} href={hrefOf('/hosts', { host })}>
			<bdi dir="ltr">{text}</bdi>
		</a>
	);
}
