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

test('who does not give the password keeps what they chose', async ({ device, anotherDevice, user, watch }) => {
  watch.allow(/Failed to load resource.* 403 .*\/auth\//);
  await device.signUp(user);
  for (const other of [await anotherDevice(), await anotherDevice()]) await other.signIn(user);
  const { devicesPage, page } = device;
  await expect(devicesPage.rows).toHaveCount(3);
  await sleep(2_500);
  await devicesPage.select(devicesPage.otherDevices.first());
  await page.getByRole('button', { name: 'Sign out 1 selected device' }).click();
  await devicesPage.confirm();
  await devicesPage.passwordDialog.waitFor();
  await page.keyboard.press('Escape');
  await expect(devicesPage.passwordDialog).toBeHidden();
  await expect(devicesPage.rows).toHaveCount(3);
  await expect(devicesPage.otherDevices.first().getByRole('checkbox')).toBeChecked();
});

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test('what was somebody else goes on by itself once the password is given', async ({
      device,
      anotherDevice,
      user,
      watch,
    }) => {
      watch.allow(/Failed to load resource.* 401 .*\/(api|auth)\//, /was preloaded using link preload but not used/);
      await device.signUp(user);
      const other = await anotherDevice();
      await other.signIn(user);
      await sleep(2_500);
      const { page } = device;
      await page.goto('/activity?show=sign_ins');
      await page.getByRole('button', { name: 'This wasn’t me' }).click();
      await expect(page).toHaveURL((url) => url.pathname === '/not-me' && url.search === '');
      await expect(page.getByText('It loses access at once.')).toBeVisible();
      await expect(page.locator('input[autocomplete=username]')).toHaveValue(user.username);
      const password = page.getByLabel('Password', { exact: true });
      const answer = async (typed: string) => {
        await password.fill(typed);
        await page.getByRole('button', { name: /^Sign out Chrom(e|ium) on Linux$/ }).click();
      };
      await answer('not the right password');
      await expect(page.getByRole('alert')).toHaveText('The password is wrong.');
      await answer(user.password);
      await expect(page.getByText('That device is signed out. Now choose a new password')).toBeVisible();
      await other.page.goto('/devices');
      await other.signInPage.isShown();
    });
  });
}
