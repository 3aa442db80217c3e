/** Every part, in the order of the table that they fill. */
import type { Part } from '../bench.ts';
import { accuracyPart } from './accuracy.ts';
import { attackPart } from './attack.ts';
import { chaosPart } from './chaos.ts';
import { deadPart } from './dead.ts';
import { delayPart } from './delay.ts';
import { enginePart } from './engine.ts';
import { masterPart } from './master.ts';
import { memoryPart } from './memory.ts';
import { pipelinePart } from './pipeline.ts';
import { scalingPart } from './scaling.ts';
import { shuffledPart } from './shuffled.ts';
import { startPart } from './start.ts';
import { unevenPart } from './uneven.ts';
import { watchingPart } from './watching.ts';

export const parts: readonly Part[] = [
	enginePart,
	pipelinePart,
	masterPart,
	deadPart,
	delayPart,
	unevenPart,
	chaosPart,
	attackPart,
	watchingPart,
	memoryPart,
	shuffledPart,
	startPart,
	accuracyPart,
	scalingPart,
];
