import type { Browser } from 'playwright-core';

/** A Chromium of the system (`CHROME` names another), else the one that comes with an npm package. */
export function launchBrowser(): Promise<Browser>;
