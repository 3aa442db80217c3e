/** What a page asks of its browser: frames, and pictures that are painted anew. */
import type { Page } from 'playwright-core';

export interface Asked {
	/** of the run's stream */
	readonly updates: number;
	readonly frames: number;
	/** canvases that were cleared, to be painted anew */
	readonly pictures: number;
}

/** Counts from the next address on that the page goes to. */
export async function countFrames(page: Page): Promise<() => Promise<Asked>> {
	await page.addInitScript(`(() => {
		const asked = (window.asked = { updates: 0, frames: 0, pictures: 0 });
		const frame = window.requestAnimationFrame;
		window.requestAnimationFrame = (run) => {
			asked.frames += 1;
			return frame.call(window, run);
		};
		const { clearRect } = CanvasRenderingContext2D.prototype;
		CanvasRenderingContext2D.prototype.clearRect = function (...rect) {
			asked.pictures += 1;
			return clearRect.apply(this, rect);
		};
		window.EventSource = class extends EventSource {
			constructor(url) {
				super(url);
				this.addEventListener('update', () => { asked.updates += 1; });
			}
		};
	})()`);
	return async () => ({ ...(await page.evaluate<Asked>('window.asked')) });
}
