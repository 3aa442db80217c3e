/** What a page asks of its browser: frames, and pictures that are painted anew. */
import type { Page } from 'playwright-core';

export interface Asked {
	/** of the run's stream */
	readonly updates: number;
	readonly frames: number;
	/** canvases that were cleared, to be painted anew */
	readonly pictures: number;
}

export interface FrameCounts {
	/** so far */
	now(): Promise<Asked>;
	/** Resolves when the page has done all that it has asked for, and asks for no more. */
	atRest(): Promise<Asked>;
}

/** Counts from the next address on that the page goes to. */
export async function countFrames(page: Page): Promise<FrameCounts> {
	await page.addInitScript(`(() => {
		const asked = (window.asked = { updates: 0, frames: 0, pictures: 0 });
		const frame = window.requestAnimationFrame.bind(window);
		window.requestAnimationFrame = (run) => {
			asked.frames += 1;
			return frame(run);
		};
		// What one frame leads to is in the next one; what is measured anew after it has been drawn, in the one behind.
		window.atRest = async () => {
			for (let before = ''; before !== JSON.stringify(asked); ) {
				before = JSON.stringify(asked);
				for (let frames = 0; frames < 4; frames += 1) await new Promise(frame);
			}
			return asked;
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
	return {
		now: () => page.evaluate<Asked>('window.asked'),
		atRest: () => page.evaluate<Asked>('window.atRest()'),
	};
}
