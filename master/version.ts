/** The version of pingpool that this master is of. */
import packageJson from '../package.json' with { type: 'json' };

export const { version } = packageJson;
