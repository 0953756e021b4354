import { setTimeout as sleep } from 'node:timers/promises';
import { LossyNetwork } from '../fixtures/lossy.ts';
import { Server } from '../fixtures/server.ts';
import { Device, expect, test as base } from '../fixtures/test.ts';

const TABS = 6;
const MINUTE = 60_000;

/** A server behind a network that can be made to lose calls, and whose tokens live so shortly that tabs renew all the time. */
const test = base.extend<{}, { network: LossyNetwork }>({
  network: [
    async ({}, use) => {
      const network = await LossyNetwork.open();
      await use(network);
      await network.close();
    },
    { scope: 'worker' },
  ],
  server: [
    async ({ network, secrets }, use) => {
      const server = await Server.start({
        LATCHKEY_SERVER__PUBLIC_URL: network.url,
        LATCHKEY_TOKENS__ACCESS_TTL: '5s',
        LATCHKEY_TOKENS__GRACE: '3s',
      });
      network.leadTo(server.port);
      await use(server);
      await server.stop();
      expect(await secrets.foundIn(server.log), 'secrets in the log').toEqual([]);
    },
    { scope: 'worker' },
  ],
  baseURL: async ({ network }, use) => use(network.url),
});

test('a minute of many tabs on a network that loses every third call signs nobody out', async ({
  anotherDevice,
  device,
  network,
  user,
  watch,
}) => {
  watch.allow(/ERR_(EMPTY_RESPONSE|CONNECTION)|Failed to load resource/);
  await device.signUp(user);
  const other = await anotherDevice();
  await other.signIn(user);
  const tabs = [device];
  while (tabs.length < TABS) {
    const tab = await device.anotherTab();
    await tab.devicesPage.open();
    tabs.push(tab);
  }
  const statuses: Record<number, number> = {};
  for (const { context } of [device, other]) {
    context.on('response', (response) => {
      if (!response.url().endsWith('/auth/refresh')) return;
      statuses[response.status()] = (statuses[response.status()] ?? 0) + 1;
    });
  }

  network.losses = { requests: 0.15, answers: 0.2, delay: 400 };
  const end = Date.now() + MINUTE;
  let turn = 0;
  while (Date.now() < end) {
    // People open pages anew meanwhile, two tabs at once.
    const reload = ({ page }: Device) => page.reload({ waitUntil: 'commit' });
    await Promise.all([reload(tabs[turn % TABS]!), reload(tabs[(turn + 1) % TABS]!)]);
    turn += 1;
    await sleep(1_500);
  }
  network.calm();

  await test.info().attach('network', { body: JSON.stringify({ ...network.lost, statuses }) });
  expect(network.lost.answers, 'answers were lost').toBeGreaterThan(10);
  expect(Object.keys(statuses).filter((status) => !['200', '409'].includes(status))).toEqual([]);
  for (const tab of [...tabs, other]) {
    await tab.page.reload();
    await tab.devicesPage.isShown();
    await expect(tab.devicesPage.rows).toHaveCount(2);
  }
  const activity = await device.page.evaluate(async () => {
    const renewed = await fetch('/auth/refresh', { method: 'POST' });
    const { accessToken } = await renewed.json();
    const answer = await fetch('/api/activity', { headers: { Authorization: `Bearer ${accessToken}` } });
    return (await answer.json()).events.map(({ kind }: { kind: string }) => kind);
  });
  expect(activity).not.toContain('reused');
  expect(activity).not.toContain('session_ended');
});
