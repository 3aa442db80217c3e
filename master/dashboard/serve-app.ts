/** The dashboard's app behind Node's HTTP server. */
import type { RequestListener } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import { getRequestListener } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Hono } from 'hono';
import { PingpoolError } from '../../shared/errors.ts';
import { errorAnswer } from './error-answer.ts';
import { withSafeHeaders } from './safe-headers.ts';
import { send } from './send.ts';

/** @param drainMsMax how long a reader may take. Default: limits.ts */
export function requestListenerOf(app: Hono, drainMsMax?: number): RequestListener {
	return getRequestListener(
		async (request, bindings) => {
			const { outgoing } = bindings as HttpBindings;
			await send(await app.fetch(request, bindings), outgoing, drainMsMax);
			return RESPONSE_ALREADY_SENT;
		},
		{
			overrideGlobalObjects: false,
			errorHandler: (cause) => {
				const error = new PingpoolError('bad-request', 'this is no valid HTTP request', { cause });
				return withSafeHeaders(errorAnswer(error, () => undefined));
			},
		},
	);
}
