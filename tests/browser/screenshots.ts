/**
 * Takes the pictures of docs/ anew: of a real run of 100,000 hosts by four workers, one of which dies, and of a large
 * database.
 *
 *   node tests/browser/screenshots.ts [--hosts 100000] [--rows 2000000] [--out docs/images]
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { token, Workspace } from '../e2e/command-line.ts';
import { writeLargeDatabase } from '../large-database.ts';
import { openEvents } from '../master/dashboard/event-stream.ts';
import type { Look } from './browser.ts';
import { openBrowser, openPage } from './browser.ts';
