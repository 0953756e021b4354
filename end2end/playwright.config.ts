import { defineConfig } from '@playwright/test';
import { executablePath } from './chromium.mjs';

const asRoot = process.getuid?.() === 0;
// What looks or measures and is no test: SCRIPT=screenshots, SCRIPT=weight.
const script = process.env.SCRIPT;

export default defineConfig({
  testDir: 'tests',
  globalSetup: './fixtures/alone.ts',
  testMatch: script ? `${script}.ts` : '*.spec.ts',
  outputDir: 'results',
  workers: 2,
  fullyParallel: true,
  retries: 0,
  // Far more than any takes: what is slow is no fault of a story.
  timeout: 240_000,
  expect: { timeout: 20_000, toPass: { timeout: 30_000 } },
  projects: [
    { name: 'wide' },
    // What people do most, on a phone.
    ...(script
      ? []
      : [
          {
            name: 'phone',
            testMatch: /(account|devices|forms|links|messages|sign-in|sign-out|sign-up)\.spec\.ts/,
            use: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
          },
        ]),
  ],
  reporter: [['list'], ['./fixtures/closing-line.ts']],
  use: {
    browserName: 'chromium',
    // TRACE=1 records what a failed story did; it takes a quarter longer.
    trace: process.env.TRACE ? 'retain-on-failure' : 'off',
    screenshot: 'only-on-failure',
    actionTimeout: 30_000,
    locale: 'en-GB',
    launchOptions: {
      executablePath,
      args: [
        ...(asRoot ? ['--no-sandbox'] : []),
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
