// Where the browser is: CHROMIUM, else Debian's, else the one that Playwright keeps. Run by itself it prints the path.
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { chromium } from '@playwright/test';

const places = [process.env.CHROMIUM, '/usr/bin/chromium', chromium.executablePath()];

export const executablePath = places.find((place) => place && existsSync(place));

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  if (!executablePath) process.exit(1);
  console.log(executablePath);
}
