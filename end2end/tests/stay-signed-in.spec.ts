import { expect, test } from '../fixtures/test.ts';

test('stays signed in over a reload and in a new tab', async ({ device, user }) => {
  await device.signUp(user);
  await device.page.reload();
  await device.devicesPage.isShown();
  const tab = await device.anotherTab();
  await tab.devicesPage.open();
  await expect(tab.devicesPage.rows).toHaveCount(1);
  await expect(device.devicesPage.rows).toHaveCount(1);
});

test('the page arrives complete in the HTML', async ({ device, user }) => {
  await device.signUp(user);
  const html = await (await device.page.request.get('/devices')).text();
  expect(html).toContain('Your devices');
  expect(html).toContain('This device');
  expect(html).toContain(user.username);
});

test('many tabs that open at once stay signed in', async ({ device, user }) => {
  await device.signUp(user);
  const tabs = await Promise.all(Array.from({ length: 5 }, () => device.anotherTab()));
  await Promise.all(tabs.map((tab) => tab.devicesPage.open()));
  for (const tab of tabs) await expect(tab.devicesPage.rows).toHaveCount(1);
});

test('whoever leaves each page while it renews stays signed in', async ({ device, user }) => {
  await device.signUp(user);
  const { page, devicesPage } = device;
  for (const path of ['/activity', '/account', '/devices', '/activity', '/account']) {
    const renewing = page.waitForRequest((request) => new URL(request.url()).pathname === '/auth/refresh');
    await page.goto(path);
    await renewing;
  }
  await devicesPage.open();
  await expect(devicesPage.rows).toHaveCount(1);
  await page.goto('/activity?show=warnings');
  await expect(page.getByText('No events.')).toBeVisible();
});
