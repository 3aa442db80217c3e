/** Which metrics and labels an expression of PromQL is about, as far as those of deploy/ go. */

export interface Mention {
	readonly metric: string;
	/** labels that it is chosen by */
	readonly labels: readonly string[];
}

/** Words that stand between metrics. */
const operators = new Set(['and', 'or', 'unless', 'bool', 'offset', 'group_left', 'group_right']);

/** The metrics of an expression, each with the labels that stand behind it. */
export function mentionsIn(expression: string): Mention[] {
	const mentions: Mention[] = [];
	const bare = withoutTexts(expression)
		.replace(/\b(?:by|without|on|ignoring)\s*\([^)]*\)/g, ' ')
		.replace(/\[[^\]]*\]/g, ' ');
	for (const [, metric, selector, isCalled] of bare.matchAll(
		/(?<![\w.$])([a-z_:][\w:]*)\s*(?:\{([^}]*)\}|(\())?/gi,
	)) {
		if (isCalled !== undefined || operators.has(metric!)) continue;
		const labels = [...(selector ?? '').matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label]) => label!);
		mentions.push({ metric: metric!, labels });
	}
	return mentions;
}

/** Labels that results are grouped or matched by. */
export function groupingsIn(expression: string): string[] {
	return [...withoutTexts(expression).matchAll(/\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g)].flatMap(
		([, labels]) => labels!.split(',').map((label) => label.trim()),
	);
}

function withoutTexts(expression: string): string {
	return expression.replace(/"(?:[^"\\]|\\.)*"/g, '""');
}
