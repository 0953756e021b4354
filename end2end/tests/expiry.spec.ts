import { setTimeout as sleep } from 'node:timers/promises';
import { call, nextTokens } from '../fixtures/api.ts';
import { expect, test } from '../fixtures/test.ts';

test.use({ settings: { LATCHKEY_TOKENS__ACCESS_TTL: '4s' } });

test('stays signed in when the access token expires', async ({ device, server, user }) => {
  const first = nextTokens(device.page);
  await device.signUp(user);
  const { accessToken } = await first;
  await expect
    .poll(async () => (await call(server, '/api/me', { bearer: accessToken })).status, { timeout: 15_000 })
    .toBe(401);
  // What follows needs a token that lives.
  await device.devicesPage.rename(device.devicesPage.thisDevice, 'Still here');
  await expect(device.devicesPage.thisDevice).toContainText('Still here');
});

test('renews before the access token expires', async ({ device, user }) => {
  await device.signUp(user);
  for (let renewals = 0; renewals < 2; renewals += 1) {
    const { expiresIn } = await nextTokens(device.page);
    expect(expiresIn).toBeLessThanOrEqual(4);
  }
  await device.devicesPage.isShown();
});

test('a call that meets an expired token renews it once and goes on', async ({ device, user, watch }) => {
  watch.allow(/Failed to load resource.*ERR_FAILED.*\/auth\/refresh/, /Failed to load resource.* 401 /);
  await device.signUp(user);
  const renewal = '**/auth/refresh';
  await device.page.route(renewal, (route) => route.abort());
  await sleep(5_000);
  await device.page.unroute(renewal);
  await device.devicesPage.rename(device.devicesPage.thisDevice, 'Awake again');
  await expect(device.devicesPage.thisDevice).toContainText('Awake again');
});
