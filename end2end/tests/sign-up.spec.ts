import { expect, test } from '../fixtures/test.ts';

test('signs up and sees this device', async ({ device, user }) => {
  await device.signUpByForm(user);
  await expect(device.devicesPage.rows).toHaveCount(1);
  await expect(device.devicesPage.thisDevice).toHaveCount(1);
  await expect(device.page.getByRole('banner')).toContainText(user.username);
});

test('finds the way from sign-in to sign-up', async ({ device }) => {
  await device.signInPage.open();
  await device.signInPage.createAccount.click();
  await device.signUpPage.isShown();
});

test('is told that a name is taken', async ({ device, anotherDevice, user, watch }) => {
  watch.allow(/Failed to load resource.* 409 .*\/auth\/signup/);
  await device.signUpByForm(user);
  const other = await anotherDevice();
  await other.signUpPage.open();
  await other.signUpPage.submit(user);
  await expect(other.signUpPage.error).toBeVisible();
  await other.signUpPage.isShown();
});

test('is told that a password is too short', async ({ device, user, watch }) => {
  watch.allow(/Failed to load resource.* 422 .*\/auth\/signup/);
  await device.signUpPage.open();
  await device.signUpPage.submit({ ...user, password: 'short' });
  await expect(device.signUpPage.error).toBeVisible();
  await device.signUpPage.isShown();
});
