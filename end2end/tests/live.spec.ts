import { expect, test } from '../fixtures/test.ts';

// What a device that was ended elsewhere meets when it asks.
const ended = /Failed to load resource.* 401 .*\/(api|auth)\//;

test('rows come, go and change by themselves', async ({ device, anotherDevice, user, watch }) => {
  watch.allow(ended);
  await device.signUp(user);
  await expect(device.devicesPage.rows).toHaveCount(1);
  const other = await anotherDevice();
  await other.signIn(user);
  await expect(device.devicesPage.rows).toHaveCount(2);
  await other.devicesPage.rename(other.devicesPage.thisDevice, 'Kitchen');
  await expect(device.devicesPage.otherDevices).toContainText('Kitchen');
  await other.devicesPage.signOutButton.click();
  await expect(device.devicesPage.rows).toHaveCount(1);
  await other.signInPage.isShown();
});

test('a page that has just been opened asks for the list no more, and renews once', async ({ device, anotherDevice, user }) => {
  await device.signUp(user);
  const { page } = device;
  const asked: string[] = [];
  page.on('request', (request) => asked.push(`${request.method()} ${new URL(request.url()).pathname}`));
  const listens = page.waitForResponse((response) => response.url().endsWith('/api/live') && response.ok());
  await device.devicesPage.open();
  await listens;
  // A change comes after whatever the page asked for on its own.
  await (await anotherDevice()).signIn(user);
  await expect(device.devicesPage.rows).toHaveCount(2);
  const times = (what: string) => asked.filter((one) => one === what).length;
  expect(times('POST /auth/refresh')).toBe(1);
  expect(times('GET /api/sessions')).toBe(1);
});

test('a change is shown though the answer that shows it is lost, and lost again', async ({
  device,
  anotherDevice,
  user,
  watch,
}) => {
  watch.allow(/ERR_FAILED.*\/api\/sessions/);
  await device.signUp(user);
  await device.page.route('**/api/sessions', (route) => route.abort(), { times: 2 });
  await (await anotherDevice()).signIn(user);
  await expect(device.devicesPage.rows).toHaveCount(2);
});

test('an ended device says so by itself, in every tab, and drops what it showed', async ({
  device,
  anotherDevice,
  user,
  watch,
}) => {
  watch.allow(ended);
  await device.signUp(user);
  const other = await anotherDevice();
  await other.signIn(user);
  const tab = await other.anotherTab();
  await tab.devicesPage.open();
  await expect(device.devicesPage.rows).toHaveCount(2);

  await device.devicesPage.end(device.devicesPage.otherDevices);
  for (const { page, signInPage, devicesPage } of [other, tab]) {
    await signInPage.isShown();
    await expect(page.getByText('You were signed out from another device.')).toBeVisible();
    await expect(devicesPage.rows).toHaveCount(0);
  }
});

test('the activity says when something has happened since, and not before', async ({ device, anotherDevice, user }) => {
  await device.signUp(user);
  const { page } = device;
  const asked = page.waitForResponse((response) => new URL(response.url()).pathname === '/api/activity');
  await page.goto('/activity');
  await (await asked).finished();
  await page.evaluate(() => new Promise((shown) => requestAnimationFrame(() => setTimeout(shown))));
  const news = page.getByText('New activity.');
  await expect(news).toHaveCount(0);
  await (await anotherDevice()).signIn(user);
  await expect(news).toBeVisible();
  const events = page.getByRole('list', { name: 'Your activity' }).getByRole('listitem');
  await expect(events).toHaveCount(2);
  await page.getByRole('link', { name: 'Show it' }).click();
  await expect(events).toHaveCount(3);
  await expect(news).toHaveCount(0);
});

test('another tab listens on when the first is closed', async ({ device, anotherDevice, user }) => {
  await device.signUp(user);
  const tab = await device.anotherTab();
  await tab.devicesPage.open();
  await device.page.close();
  const other = await anotherDevice();
  await other.signIn(user);
  await expect(tab.devicesPage.rows).toHaveCount(2);
});

test('a page listens on after the server was restarted, which signs nobody out', async ({
  device,
  anotherDevice,
  server,
  user,
  watch,
}) => {
  watch.allow(ended, /ERR_(CONNECTION_REFUSED|CONNECTION_RESET|INCOMPLETE_CHUNKED_ENCODING|EMPTY_RESPONSE)/);
  const listens = () =>
    device.page.waitForResponse((response) => response.url().endsWith('/api/live') && response.ok(), { timeout: 120_000 });
  const first = listens();
  await device.signUp(user);
  await first;
  const again = listens();
  await server.restart();
  await again;
  const other = await anotherDevice();
  await other.signIn(user);
  await expect(device.devicesPage.rows).toHaveCount(2);
  await device.devicesPage.end(device.devicesPage.otherDevices);
  await expect(device.devicesPage.rows).toHaveCount(1);
});
