/** Looks texts up as a connection by name would: a line of JSON with texts in, one with addresses or null out. */
import { lookup } from 'node:dns/promises';
import { createInterface } from 'node:readline';

async function addressOf(text: string): Promise<string | null> {
	try {
		return text === '' ? null : (await lookup(text)).address;
	} catch {
		return null;
	}
}

for await (const line of createInterface({ input: process.stdin })) {
	const texts = JSON.parse(line) as string[];
	process.stdout.write(`${JSON.stringify(await Promise.all(texts.map(addressOf)))}\n`);
}
