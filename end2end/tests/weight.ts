import type { Browser } from '@playwright/test';
import { Traffic, type Transfer } from '../fixtures/traffic.ts';
import { test } from '../fixtures/test.ts';
import { hydrated } from '../pages/hydrated.ts';

// What each page costs a visitor, by the real browser's count: make weight. A measurement, not a test.
const pages = { signedOut: ['/login', '/signup'], signedIn: ['/devices', '/activity', '/account'] };
const about = { page: 'the page', file: 'files', call: 'calls' } as const;

type State = Awaited<ReturnType<import('@playwright/test').BrowserContext['storageState']>>;

/** Opens the page twice, in a browser that has never seen it. */
async function visitTwice(browser: Browser, url: string, storageState?: State): Promise<[Transfer[], Transfer[]]> {
  const context = await browser.newContext({ storageState });
  const visit = async () => {
    const page = await context.newPage();
    const traffic = await Traffic.of(page);
    await page.goto(url);
    await hydrated(page);
    const transfers = await traffic.settled();
    await page.close();
    return transfers;
  };
  const visits: [Transfer[], Transfer[]] = [await visit(), await visit()];
  await context.close();
  return visits;
}

const sum = (transfers: Transfer[]) => transfers.reduce((total, { bytes }) => total + bytes, 0);
const number = (bytes: number) => bytes.toLocaleString('en');

test('page weight', async ({ browser, device, anotherDevice, server, user }) => {
  test.setTimeout(300_000);
  await device.signUp(user);
  // Each browser has a sign-in of its own: a copied one that both exchange is reuse.
  const signedIn = async () => {
    const { context, signInPage, devicesPage, page } = await anotherDevice();
    await signInPage.open();
    await signInPage.submit(user);
    await devicesPage.isShown();
    await page.close();
    return context.storageState();
  };
  const visits = new Map<string, [Transfer[], Transfer[]]>();
  for (const path of pages.signedOut) visits.set(path, await visitTwice(browser, server.url + path));
  for (const path of pages.signedIn) visits.set(path, await visitTwice(browser, server.url + path, await signedIn()));

  const lines = [
    '',
    'Bytes over the wire, headers included.',
    '',
    '| page | first visit | of it files | second visit | of it files |',
    '|---|--:|--:|--:|--:|',
  ];
  for (const [path, [first, second]] of visits) {
    const files = (transfers: Transfer[]) => number(sum(transfers.filter(({ kind }) => kind === 'file')));
    lines.push(`| ${path} | ${number(sum(first))} | ${files(first)} | ${number(sum(second))} | ${files(second)} |`);
  }
  for (const [path, both] of visits) {
    for (const [index, transfers] of both.entries()) {
      lines.push('', `${path}, ${index === 0 ? 'first' : 'second'} visit: ${transfers.length} requests`);
      for (const { method, path, kind, bytes } of transfers) {
        lines.push(`${number(bytes).padStart(10)}  ${about[kind].padEnd(9)} ${method} ${path}`);
      }
    }
  }
  process.stdout.write(`${lines.join('\n')}\n`);
});
