/** The frame of the page: its head, its views, and which of them is shown. */
export function App() {
	return <h1>pingpool</h1>;
}
