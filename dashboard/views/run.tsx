/** Run of the page. */
import { ViewHead } from '../parts/view-head.tsx';

export function RunView() {
	return <ViewHead title="Run" />;
}
