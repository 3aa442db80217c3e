/** Every part, in the order of the table that they fill. */
import type { Part } from '../bench.ts';
import { enginePart } from './engine.ts';
import { masterPart } from './master.ts';
import { pipelinePart } from './pipeline.ts';

export const parts: readonly Part[] = [enginePart, pipelinePart, masterPart];
