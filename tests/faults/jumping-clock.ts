/** Loaded before a program: its wall clock jumps between an hour ahead and an hour behind, at every look. */
const hourMs = 3_600_000;
const now = Date.now;
let looks = 0;
Date.now = () => {
	looks += 1;
	return now() + (looks % 2 === 0 ? hourMs : -hourMs);
};
