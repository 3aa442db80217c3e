/** Events of the page. */
import { ViewHead } from '../parts/view-head.tsx';

export function EventsView() {
	return <ViewHead title="Events" />;
}
