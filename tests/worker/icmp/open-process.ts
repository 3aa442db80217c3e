/** Opens the best engine of this process and prints what it is, or why there is none. */
import { openEchoEngine } from '../../../worker/icmp/open.node.ts';
import { sharedPacer } from './engine-fixture.ts';

const engine = await openEchoEngine({ pacer: sharedPacer() });
if ('unavailable' in engine) console.log(JSON.stringify(engine));
else {
	console.log(JSON.stringify({ mode: engine.mode }));
	await engine.close();
}
