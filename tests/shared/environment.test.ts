import { describe, expect, it } from 'vitest';
import { checkEnvironment } from '../../shared/environment.ts';
import { settings } from '../../worker/config.ts';

describe('the environment', () => {
	it('may have settings of a master and of a worker, and whatever is not ours', () => {
		checkEnvironment({
			PINGPOOL_HOSTS: 'x',
			PINGPOOL_HOST: 'x',
			PINGPOOL_TOKEN: '',
			PATH: '/bin',
			PINGPOOLS: '1',
		});
	});

	it('knows every setting of a worker', () => {
		for (const { variable } of Object.values(settings)) checkEnvironment({ [variable]: '' });
	});

	it.each([
		['PINGPOOL_TIMEUOT', 'did you mean PINGPOOL_TIMEOUT?'],
		['PINGPOOL_TOKENFILE', 'did you mean PINGPOOL_TOKEN_FILE?'],
		['PINGPOOL_timeout', 'did you mean PINGPOOL_TIMEOUT?'],
		['PINGPOOL_ELEPHANT', 'pingpool --help names them all'],
		['PINGPOOL_', 'pingpool --help names them all'],
	])('may not have %s', (name, hint) => {
		expect(() => checkEnvironment({ [name]: '1' })).toThrow(
			expect.objectContaining({ code: 'usage', message: expect.stringContaining(name), hint }),
		);
	});

	it('is refused without its values, which may be secrets', () => {
		expect(() => checkEnvironment({ PINGPOOL_TOKN: 'hunter2' })).not.toThrow(/hunter2/);
	});
});
