import { expect, test } from '../fixtures/test.ts';

const network = /ERR_(CONNECTION_REFUSED|CONNECTION_RESET|INCOMPLETE_CHUNKED_ENCODING|EMPTY_RESPONSE|INTERNET_DISCONNECTED|NETWORK_CHANGED)/;

// What a part of the app meets that is fetched before it is needed, while nothing can be.
const parts = /Failed to fetch/;

test.beforeEach(({ watch }) => watch.allow(network, parts, /Failed to load resource.* 401 .*\/(api|auth)\//));

test('a page whose server stops says so, greys what may be over, stays where it is, and comes back by itself', async ({
  device,
  server,
  user,
}) => {
  const { page, devicesPage } = device;
  const listens = page.waitForResponse((response) => response.url().endsWith('/api/live') && response.ok());
  await device.signUp(user);
  await listens;
  const dot = () => devicesPage.thisDevice.locator('.device__now').evaluate((now) => getComputedStyle(now, '::before').backgroundColor);
  const alive = await dot();
  await server.halt();
  await expect(page.getByText('The service cannot be reached right now.')).toBeVisible();
  expect(await dot()).not.toBe(alive);

  const tab = page.getByRole('link', { name: 'Activity' });
  await tab.click();
  await devicesPage.isShown();
  await expect(page.getByText('The service cannot be reached right now.')).toBeVisible();

  await server.resume();
  await expect(page.getByText('The service cannot be reached right now.')).toHaveCount(0);
  expect(await dot()).toBe(alive);
  await tab.click();
  await expect(page.getByRole('heading', { level: 1, name: 'Your activity' })).toBeVisible();
});

test('every tab says so, whichever of them listens', async ({ device, server, user }) => {
  await device.signUp(user);
  const tab = await device.anotherTab();
  await tab.devicesPage.open();
  await server.halt();
  for (const { page } of [device, tab]) await expect(page.locator('html[data-away]')).toBeAttached();
  await server.resume();
  for (const { page } of [device, tab]) await expect(page.locator('html:not([data-away])')).toBeAttached();
});

test('offline, nothing leads away from the page, and signing out says why it cannot be', async ({ device, user }) => {
  const { page, devicesPage, signInPage, context } = device;
  await device.signUp(user);
  await context.setOffline(true);
  await expect(page.getByText('You are offline.').first()).toBeVisible();
  await page.getByRole('link', { name: 'Account' }).click();
  await devicesPage.isShown();
  await page.getByLabel('Language').selectOption('Deutsch');
  await devicesPage.isShown();
  await devicesPage.signOutButton.click();
  await expect(page.getByRole('alert')).toHaveText(/You are offline, so nothing was sent/);
  await devicesPage.isShown();
  await context.setOffline(false);
  await expect(page.locator('html:not([data-away])')).toBeAttached();
  await devicesPage.signOutButton.click();
  await signInPage.isShown();
});

test('offline, the way in says so too', async ({ device, user }) => {
  const { page, signInPage, context } = device;
  await signInPage.open();
  await context.setOffline(true);
  await signInPage.createAccount.click();
  await signInPage.isShown();
  await expect(page.getByText('You are offline. What you see may have changed.')).toBeVisible();
  await signInPage.submit(user);
  await expect(signInPage.error).toHaveText(/You are offline, so nothing was sent/);
  await context.setOffline(false);
  await signInPage.createAccount.click();
  await device.signUpPage.isShown();
});
