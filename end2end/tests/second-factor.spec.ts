import { AxeBuilder } from '@axe-core/playwright';
import { expect } from '@playwright/test';
import { Authenticator } from '../fixtures/authenticator.ts';
import { test, type Device } from '../fixtures/test.ts';

/** What axe finds wrong with the page as it is now. It needs scripts. */
async function findings({ page, scripts }: Device) {
  if (!scripts) return [];
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

/** Sets up an authenticator app by its pages, with the keyboard, and makes recovery codes. */
async function setUp(device: Device) {
  const { page } = device;
  await page.goto('/account');
  await page.getByRole('button', { name: 'Set up an authenticator app' }).press('Enter');
  await expect(page.getByRole('img', { name: 'QR code for your authenticator app' })).toBeVisible();
  expect(await findings(device)).toEqual([]);
  const authenticator = new Authenticator(await page.locator('.key').innerText());
  await page.getByLabel('Code from the app').fill(authenticator.code());
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Your recovery codes' })).toBeVisible();
  expect(await findings(device)).toEqual([]);
  await page.getByRole('button', { name: 'Show my recovery codes' }).press('Enter');
  const codes = page.locator('.codes li');
  await expect(codes).toHaveCount(10);
  expect(await findings(device)).toEqual([]);
  const written = await codes.allInnerTexts();
  await page.getByRole('link', { name: 'I have kept them' }).click();
  await expect(page.getByText('10 left')).toBeVisible();
  expect(await findings(device)).toEqual([]);
  return { authenticator, codes: written };
}

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test('a second factor is set up, asked for, replaced by a recovery code, and removed', async ({
      device,
      anotherDevice,
      user,
      watch,
    }) => {
      watch.allow(/Failed to load resource.* 401 .*\/(api|auth)\//, /was preloaded using link preload but not used/);
      await device.signUp(user);
      const { authenticator, codes } = await setUp(device);

      const other = await anotherDevice();
      await other.page.goto('/login?returnTo=%2Factivity');
      await other.signInPage.submit(user);
      await expect(other.page).toHaveURL((url) => url.pathname === '/second-factor');
      const code = other.page.getByLabel('Code from the app');
      await expect(code).toBeFocused();
      expect(await findings(other)).toEqual([]);
      await code.fill(authenticator.code(-10));
      await other.page.keyboard.press('Enter');
      await expect(other.page.getByRole('alert')).toHaveText(/The code is wrong/);
      await code.fill(authenticator.code(1));
      await other.page.keyboard.press('Enter');
      await expect(other.page).toHaveURL((url) => url.pathname === '/activity');
      await expect(other.page.getByText('Somebody knew the password')).toBeVisible();

      const third = await anotherDevice();
      await third.signInPage.open();
      await third.signInPage.submit(user);
      await third.page.getByText('Use a recovery code instead').click();
      await third.page.getByLabel('Recovery code', { exact: true }).fill(codes[0]!.toUpperCase());
      await third.page.keyboard.press('Enter');
      await third.devicesPage.isShown();
      await expect(third.page.getByText('with password and recovery code')).toBeVisible();
      await expect(third.page.getByText('with password and app')).toBeVisible();

      await third.page.goto('/account');
      await expect(third.page.getByText('9 left')).toBeVisible();
      await third.page.getByText('Remove the authenticator app…').click();
      await third.page.getByRole('button', { name: 'Remove the app' }).click();
      await expect(third.page.getByText('The authenticator app and the recovery codes are removed.')).toBeVisible();
      const fourth = await anotherDevice();
      await fourth.signInByForm(user);
    });
  });
}

test('the pages of the second factor are in three languages', async ({ device, anotherDevice, user, watch }) => {
  watch.allow(/Failed to load resource.* 401 .*\/(api|auth)\//);
  await device.signUp(user);
  await setUp(device);
  for (const [locale, heading] of [
    ['de', 'Code eingeben'],
    ['fr', 'Saisissez votre code'],
  ] as const) {
    const { page } = await anotherDevice({ locale, javaScriptEnabled: false });
    await page.goto('/login');
    await page.locator('#username').fill(user.username);
    await page.locator('#password').fill(user.password);
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible();
  }
});
