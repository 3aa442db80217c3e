/** `npm run licences`: writes DEPENDENCIES.md anew. */
import { writeFileSync } from 'node:fs';
import { dependencyList } from './dependency-list.ts';

writeFileSync(new URL('../../DEPENDENCIES.md', import.meta.url), dependencyList());
