import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '../fixtures/test.ts';

// The cookie by which the server knows whose page it writes.
const webSession = /latchkey-session$/;

test('a browser that lost its web session gets the page all the same', async ({ device, user }) => {
  await device.signUp(user);
  await device.context.clearCookies({ name: webSession });
  await device.page.goto('/account');
  await expect(device.page.getByRole('heading', { level: 1, name: 'Your account' })).toBeVisible();
  // And has it back: the next page arrives complete.
  expect(await (await device.page.request.get('/devices')).text()).toContain('This device');
});

test('a link from another site leads to the page, though the strict cookie does not come along', async ({
  device,
  server,
  user,
}) => {
  await device.signUp(user);
  await device.context.clearCookies({ name: webSession });
  const site = createServer((_, answer) =>
    answer.writeHead(200, { 'Content-Type': 'text/html' }).end(`<a href="${server.url}/devices">to the devices</a>`),
  );
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  const { page, devicesPage } = await device.anotherTab();
  await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
  const asked = page.waitForResponse((response) => new URL(response.url()).pathname === '/devices');
  await page.getByRole('link').click();
  expect((await asked).status()).toBe(200);
  await devicesPage.isShown();
  await expect(devicesPage.rows).toHaveCount(1);
  site.closeAllConnections();
  site.close();
});

test('while the service is away the page says so, and goes on by itself', async ({ device, user, watch }) => {
  watch.allow(/Failed to load resource.*ERR_FAILED.*\/auth\/refresh/);
  await device.signUp(user);
  await device.context.clearCookies({ name: webSession });
  await device.page.route('**/auth/refresh', (route) => route.abort());
  await device.page.goto('/devices');
  await expect(device.page.getByText('The service cannot be reached right now. We keep trying.')).toBeVisible();
  await device.page.unroute('**/auth/refresh');
  await device.devicesPage.isShown();
});

test('a session that is over is not resumed, and the sign-in page says why', async ({ device, anotherDevice, user, watch }) => {
  watch.allow(/Failed to load resource.* 401 /);
  await device.signUp(user);
  const other = await anotherDevice();
  await other.signIn(user);
  await device.page.goto('about:blank');
  await other.devicesPage.end(other.devicesPage.otherDevices);
  await expect(other.devicesPage.rows).toHaveCount(1);
  await device.context.clearCookies({ name: webSession });
  await device.page.goto('/devices');
  await device.signInPage.isShown();
  await expect(device.signInPage.error).toContainText('signed out from another device');
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('a button goes on', async ({ device, user, watch }) => {
    watch.allow(/was preloaded using link preload but not used/);
    await device.signUp(user);
    await device.context.clearCookies({ name: webSession });
    await device.page.goto('/activity');
    await device.page.getByRole('button', { name: 'Continue' }).click();
    await expect(device.page.getByRole('heading', { level: 1, name: 'Your activity' })).toBeVisible();
  });
});
