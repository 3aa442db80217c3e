/** Builds the page into dist/dashboard: static files, all of them served by the master, nothing from elsewhere. */
import { defineConfig } from 'vite';

export default defineConfig({
	root: import.meta.dirname,
	base: '/',
	// No inline script may be needed: the policy of the page forbids it.
	build: {
		outDir: '../dist/dashboard',
		emptyOutDir: true,
		assetsInlineLimit: 0,
		// Views are loaded one by one; styles in one file keep the order in which they overrule each other.
		cssCodeSplit: false,
		modulePreload: { polyfill: false },
		target: 'es2023',
	},
	oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
});
