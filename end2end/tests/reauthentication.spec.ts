import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '../fixtures/test.ts';

test.use({ settings: { LATCHKEY_SESSIONS__REAUTHENTICATION_WINDOW: '2s' } });

test('a sign-in of long ago must prove itself to end other devices', async ({ device, anotherDevice, user, watch }) => {
  watch.allow(/Failed to load resource.* 403 .*\/auth\//, /Failed to load resource.* 401 .*\/(api|auth)\//);
  await device.signUp(user);
  const other = await anotherDevice();
  await other.signIn(user);
  await sleep(2_500);

  await other.devicesPage.end(other.devicesPage.otherDevices);
  await other.devicesPage.confirmPassword('not the right password');
  await expect(other.page.getByRole('alert')).toBeVisible();
  await other.devicesPage.confirmPassword(user.password);
  await expect(other.devicesPage.rows).toHaveCount(1);
  await device.signInPage.isShown();
});

test('on a page that asks for the password nothing is done yet, and it says so', async ({ device, anotherDevice, user }) => {
  await device.signUp(user);
  const other = await anotherDevice();
  await other.signIn(user);
  await sleep(2_500);
  const { page } = device;
  await page.goto('/activity?show=sign_ins');
  await page.getByRole('button', { name: 'This wasn’t me' }).click();
  await expect(page.getByRole('heading', { name: 'Is it you?' })).toBeVisible();
  await expect(page.locator('input[autocomplete=username]')).toHaveValue(user.username);
  await page.getByLabel('Password', { exact: true }).fill(user.password);
  await page.getByRole('button', { name: 'Confirm' }).click();
  await expect(page).toHaveURL((url) => url.pathname === '/activity');
  await expect(page.getByText('Nothing has been signed out yet')).toBeVisible();
  await other.devicesPage.open();
  await expect(other.devicesPage.rows).toHaveCount(2);
});
