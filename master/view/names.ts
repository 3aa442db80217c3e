/** What a user can choose of how a run shows itself. */

/** `compact`: one line; `workers`: a line per worker above it */
export const viewNames = ['compact', 'workers'] as const;
export type ViewName = (typeof viewNames)[number];

export const logFormats = ['text', 'json'] as const;
export type LogFormat = (typeof logFormats)[number];

/** From the most to the least important. */
export const logLevels = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof logLevels)[number];
