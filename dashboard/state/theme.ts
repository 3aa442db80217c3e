/** Light or dark: as the system has it, or as was chosen here and remembered. */
import { computed, effect, signal } from '@preact/signals';

export const themeChoices = ['system', 'light', 'dark'] as const;
export type ThemeChoice = (typeof themeChoices)[number];

const storageKey = 'pingpool-theme';
const systemIsDark = matchMedia('(prefers-color-scheme: dark)');
const systemTheme = signal<'light' | 'dark'>(systemIsDark.matches ? 'dark' : 'light');
systemIsDark.addEventListener('change', () => {
	systemTheme.value = systemIsDark.matches ? 'dark' : 'light';
});

export const themeChoice = signal<ThemeChoice>(remembered());
/** What is shown. Whatever paints on a canvas reads it, and paints anew when it changes. */
export const theme = computed(() => (themeChoice.value === 'system' ? systemTheme.value : themeChoice.value));

effect(() => {
	document.documentElement.dataset.theme = theme.value;
});

export function chooseTheme(choice: ThemeChoice): void {
	themeChoice.value = choice;
	try {
		localStorage.setItem(storageKey, choice);
	} catch {
		// A browser may refuse to remember: then the choice holds for this page.
	}
}

function remembered(): ThemeChoice {
	try {
		const choice = localStorage.getItem(storageKey);
		return themeChoices.find((known) => known === choice) ?? 'system';
	} catch {
		return 'system';
	}
}

/** A colour of styles/tokens.css as a canvas takes it, in the theme that is shown. @param name `--color-up` */
export function themeColor(name: `--${string}`): string {
	return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
