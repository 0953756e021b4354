import { expect, test } from '../fixtures/test.ts';

test.use({ javaScriptEnabled: false });

// The page preloads the app, which nothing starts here.
test.beforeEach(({ watch }) => watch.allow(/was preloaded using link preload but not used/));

test('signs up, out and in without JavaScript', async ({ device, user }) => {
  await device.signUp(user);
  await expect(device.devicesPage.thisDevice).toHaveCount(1);
  await device.devicesPage.signOutButton.click();
  await device.signInPage.isShown();
  await device.page.goto('/devices');
  await device.signInPage.isShown();
  await device.signIn(user);
  await expect(device.devicesPage.rows).toHaveCount(1);
});

test('reads why a sign-in failed, without JavaScript', async ({ device, user }) => {
  await device.signInPage.open();
  await device.signInPage.submit(user);
  await expect(device.signInPage.error).toBeVisible();
  expect(device.page.url()).not.toContain(user.password);
});

test('ends another device without JavaScript', async ({ device, anotherDevice, user }) => {
  await device.signUp(user);
  const other = await anotherDevice();
  await other.signIn(user);
  await other.devicesPage.signOutButtonOf(other.devicesPage.otherDevices).click();
  await expect(other.devicesPage.rows).toHaveCount(1);
  await device.page.reload();
  await device.signInPage.isShown();
});

test('ends all other devices, then all, without JavaScript', async ({ device, anotherDevice, user }) => {
  await device.signUp(user);
  const other = await anotherDevice();
  await other.signIn(user);
  await other.devicesPage.signOutOthersButton.click();
  await expect(other.devicesPage.rows).toHaveCount(1);
  await device.signIn(user);
  await other.page.reload();
  await other.devicesPage.signOutEverywhereButton.click();
  await other.signInPage.isShown();
  await device.page.reload();
  await device.signInPage.isShown();
});
