import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures/test.ts';
import { hydrated } from '../pages/hydrated.ts';

/** An entry of the Layout Instability API, which TypeScript does not know. */
type Shift = PerformanceEntry & { sources: { node: Node | null; previousRect: DOMRect; currentRect: DOMRect }[] };

/** What moved since the page was opened, by the browser's own count (Layout Instability), once it has come alive. */
async function shifts(page: Page, path: string): Promise<string[]> {
  await page.goto(path);
  await hydrated(page);
  return page.evaluate(async () => {
    const painted = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    const moved: string[] = [];
    new PerformanceObserver((list) => {
      for (const { sources } of list.getEntries() as Shift[]) {
        for (const { node, previousRect: before, currentRect: after } of sources) {
          const place = ({ x, y, width, height }: DOMRect) => [x, y, width, height].map(Math.round).join(' ');
          const name = node instanceof Element ? node.outerHTML : node?.textContent;
          moved.push(`${name?.slice(0, 80)}: ${place(before)} → ${place(after)}`);
        }
      }
    }).observe({ type: 'layout-shift', buffered: true });
    await painted();
    await painted();
    return moved;
  });
}

for (const width of [360, 412, 1280]) {
  test(`nothing moves when a page comes alive, ${width} px wide`, async ({ device, anotherDevice, user }) => {
    await device.page.setViewportSize({ width, height: 800 });
    for (const path of ['/login', '/signup']) expect(await shifts(device.page, path), path).toEqual([]);
    await device.signUp(user);
    for (let others = 0; others < 2; others += 1) await (await anotherDevice()).signIn(user);
    for (const path of ['/devices', '/activity', '/account']) {
      expect(await shifts(device.page, path), path).toEqual([]);
    }
    for (const [language, tag] of [
      ['Deutsch', 'de'],
      ['Français', 'fr'],
    ] as const) {
      await device.page.locator('select[name=language]').selectOption(language);
      await device.page.locator(`html[lang=${tag}]`).waitFor();
      expect(await shifts(device.page, '/devices'), language).toEqual([]);
    }
  });
}

test('a page that arrives in pieces is painted whole', async ({ page, server }) => {
  // The second piece comes when the first could have been painted for long; it begins in the middle of the footer.
  const slow = createServer(async (asked, answer) => {
    const { status, headers, body } = await fetched(`${server.url}${asked.url}`);
    answer.writeHead(status, headers);
    const middle = body.indexOf('</select>');
    if (middle > 0) {
      answer.write(body.subarray(0, middle));
      await sleep(1_000);
    }
    answer.end(body.subarray(Math.max(middle, 0)));
  });
  await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
  const { port } = slow.address() as AddressInfo;
  for (const path of ['/login', '/signup']) {
    expect(await shifts(page, `http://localhost:${port}${path}`), path).toEqual([]);
  }
  slow.closeAllConnections();
  slow.close();
});

/** An answer as it is, uncompressed. */
async function fetched(url: string) {
  const answer = await fetch(url, { headers: { 'Accept-Encoding': 'identity' } });
  const headers = Object.fromEntries([...answer.headers].filter(([name]) => !/^(content-length|transfer-encoding|connection)$/.test(name)));
  return { status: answer.status, headers, body: Buffer.from(await answer.arrayBuffer()) };
}
