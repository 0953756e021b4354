import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '../fixtures/test.ts';

test.use({ settings: { LATCHKEY_SESSIONS__REAUTHENTICATION_WINDOW: '1s' } });

test('a sign-in of long ago must prove itself to end other devices', async ({ device, anotherDevice, user, watch }) => {
  watch.allow(/Failed to load resource.* 403 .*\/auth\//, /Failed to load resource.* 401 .*\/(api|auth)\//);
  await device.signUp(user);
  const other = await anotherDevice();
  await other.signIn(user);
  await sleep(1_500);

  await other.devicesPage.end(other.devicesPage.otherDevices);
  await other.devicesPage.confirmPassword('not the right password');
  await expect(other.page.getByRole('alert')).toBeVisible();
  await other.devicesPage.confirmPassword(user.password);
  await expect(other.devicesPage.rows).toHaveCount(1);
  await device.signInPage.isShown();
});
