/**
 * A page that a person may look away from. Playwright keeps each of its pages visible and focused, whatever becomes of
 * the window; this one is driven past it, by the protocol of Chromium's developer tools alone.
 */
import type { Browser } from 'playwright-core';

export interface LeavablePage extends AsyncDisposable {
	/** what an expression comes to, as JSON can have it */
	evaluate<Value>(expression: string): Promise<Value>;
	/** another tab covers it */
	leave(): Promise<void>;
	comeBack(): Promise<void>;
	/** paths that it has asked for, in order */
	readonly asked: readonly string[];
	/** requests that have not ended */
	open(): number;
}

interface Message {
	readonly id?: number;
	readonly method?: string;
	readonly params?: { readonly requestId: string; readonly request?: { readonly url: string } };
	readonly result?: { readonly result?: { readonly value?: unknown } };
}

export async function openLeavablePage(browser: Browser, url: string): Promise<LeavablePage> {
	const root = await browser.newBrowserCDPSession();
	const { browserContextId } = await root.send('Target.createBrowserContext');
	const newTab = async () =>
		(await root.send('Target.createTarget', { url: 'about:blank', browserContextId })).targetId;
	const other = await newTab();
	const targetId = await newTab();
	const { sessionId } = await root.send('Target.attachToTarget', { targetId, flatten: false });
	const waiting = new Map<number, (message: Message) => void>();
	const asked: string[] = [];
	const open = new Set<string>();
	root.on('Target.receivedMessageFromTarget', ({ message: text }) => {
		const message = JSON.parse(text) as Message;
		const { id, method, params } = message;
		if (id !== undefined) waiting.get(id)?.(message);
		else if (method === 'Network.requestWillBeSent') {
			asked.push(new URL(params!.request!.url).pathname);
			open.add(params!.requestId);
		} else if (method === 'Network.loadingFinished' || method === 'Network.loadingFailed') {
			open.delete(params!.requestId);
		}
	});
	let lastId = 0;
	const send = (method: string, params: Readonly<Record<string, unknown>> = {}): Promise<Message> =>
		new Promise((resolve, reject) => {
			lastId += 1;
			const id = lastId;
			waiting.set(id, (message) => {
				waiting.delete(id);
				resolve(message);
			});
			const message = JSON.stringify({ id, method, params });
			root.send('Target.sendMessageToTarget', { sessionId, message }).catch(reject);
		});
	const show = async (tab: string): Promise<void> => {
		await root.send('Target.activateTarget', { targetId: tab });
	};
	await send('Network.enable');
	await send('Page.navigate', { url });
	return {
		async evaluate<Value>(expression: string) {
			const { result } = await send('Runtime.evaluate', { expression, returnByValue: true });
			return result?.result?.value as Value;
		},
		leave: () => show(other),
		comeBack: () => show(targetId),
		asked,
		open: () => open.size,
		async [Symbol.asyncDispose]() {
			await root.send('Target.disposeBrowserContext', { browserContextId });
			await root.detach();
		},
	};
}
