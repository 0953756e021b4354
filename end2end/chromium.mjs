// Where the browser is: CHROMIUM, else Debian's, else the one that Playwright keeps. Run by itself it prints the path.
// Debian's headless shell is the same engine without the parts that draw windows: the tests take half as long with it.
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { chromium } from '@playwright/test';

const debian = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'];
const places = [process.env.CHROMIUM, ...debian, chromium.executablePath()];

export const executablePath = places.find((place) => place && existsSync(place));

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  if (!executablePath) process.exit(1);
  console.log(executablePath);
}
