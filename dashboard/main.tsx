/** The page's entry. */
import { render } from 'preact';
import { App } from './app.tsx';
import { loadAllViews } from './parts/lazy.tsx';
import { learnAbout } from './state/about.ts';
import { followLocation } from './state/location.ts';
import './styles/tokens.css';
import './styles/base.css';

followLocation();
render(<App />, document.getElementById('page')!);
void learnAbout().then(loadAllViews);
