/** Whether anybody can see the page. What costs something is done only then. */
import { signal } from '@preact/signals';

export const isPageVisible = signal(document.visibilityState === 'visible');

document.addEventListener('visibilitychange', () => {
	isPageVisible.value = document.visibilityState === 'visible';
});
