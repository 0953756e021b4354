import { expect, test } from '../fixtures/test.ts';

test.use({ javaScriptEnabled: false });

// The page preloads the app, which nothing starts here.
test.beforeEach(({ watch }) => watch.allow(/was preloaded using link preload but not used/));

test('signs up, out and in without JavaScript', async ({ device, user }) => {
  await device.signUpByForm(user);
  await expect(device.devicesPage.thisDevice).toHaveCount(1);
  await device.devicesPage.signOutButton.click();
  await device.signInPage.isShown();
  await device.page.goto('/devices');
  await device.signInPage.isShown();
  await device.signInByForm(user);
  await expect(device.devicesPage.rows).toHaveCount(1);
});

test('is told from which name a device was renamed to which', async ({ device, user }) => {
  await device.signUpByForm(user);
  const { devicesPage } = device;
  await devicesPage.startRenaming(devicesPage.thisDevice, 'Desk');
  await devicesPage.saveButton.click();
  await expect(device.page.getByText(/^Renamed from Chrom(e|ium) on Linux to Desk\.$/)).toBeVisible();
  await device.page.reload();
  await expect(device.page.getByText('Renamed')).toHaveCount(0);
});

test('reads why a sign-in failed, without JavaScript', async ({ device, user }) => {
  await device.signInPage.open();
  await device.signInPage.submit(user);
  await expect(device.signInPage.error).toBeVisible();
  expect(device.page.url()).not.toContain(user.password);
});

test('ends another device without JavaScript', async ({ device, anotherDevice, user }) => {
  await device.signUpByForm(user);
  const other = await anotherDevice();
  await other.signInByForm(user);
  await other.devicesPage.endByPage(other.devicesPage.signOutButtonOf(other.devicesPage.otherDevices));
  await expect(other.page.getByText(/^Chrom(e|ium) on Linux is signed out\.$/)).toBeVisible();
  await expect(other.devicesPage.rows).toHaveCount(1);
  await device.page.reload();
  await device.signInPage.isShown();
});

test('ends all other devices, then all, without JavaScript', async ({ device, anotherDevice, user }) => {
  await device.signUpByForm(user);
  const other = await anotherDevice();
  await other.signInByForm(user);
  await other.devicesPage.endByPage(other.devicesPage.signOutOthersButton);
  await expect(other.page.getByText('All other devices are signed out.')).toBeVisible();
  await expect(other.devicesPage.rows).toHaveCount(1);
  await device.signInByForm(user);
  await other.page.reload();
  await other.devicesPage.endByPage(other.devicesPage.signOutEverywhereButton);
  await other.signInPage.isShown();
  await expect(other.page.getByText('You are signed out on all your devices.')).toBeVisible();
  await device.page.reload();
  await device.signInPage.isShown();
});
