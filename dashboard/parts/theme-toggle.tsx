/** Light, dark, or as the system has it. */
import type { ThemeChoice } from '../state/theme.ts';
import { chooseTheme, themeChoice, themeChoices } from '../state/theme.ts';

const titles: Readonly<Record<ThemeChoice, string>> = {
	system: 'System theme',
	light: 'Light theme',
	dark: 'Dark theme',
};

export function ThemeToggle() {
	return (
		<select
			class="select"
			aria-label="Theme"
			value={themeChoice.value}
			onChange={(event) => {
				const choice = themeChoices.find((known) => known === event.currentTarget.value);
				if (choice !== undefined) chooseTheme(choice);
			}}
		>
			{themeChoices.map((choice) => (
				<option key={choice} value={choice}>
					{titles[choice]}
				</option>
			))}
		</select>
	);
}
