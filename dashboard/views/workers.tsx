/** Workers of the page. */
import { ViewHead } from '../parts/view-head.tsx';

export function WorkersView() {
	return <ViewHead title="Workers" />;
}
