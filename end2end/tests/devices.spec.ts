import { expect, test } from '../fixtures/test.ts';

// What a device that was ended elsewhere meets on its next action.
const ended = /Failed to load resource.* 401 .*\/(api|auth)\//;

test('two devices see each other, each itself first', async ({ device, anotherDevice, user }) => {
  await device.signUp(user);
  const other = await anotherDevice();
  await other.signIn(user);
  await device.page.reload();
  for (const { devicesPage } of [device, other]) {
    await expect(devicesPage.rows).toHaveCount(2);
    await expect(devicesPage.rows.first()).toContainText('This device');
    await expect(devicesPage.thisDevice).toHaveCount(1);
    await expect(devicesPage.otherDevices).toHaveCount(1);
  }
});

test('ends one device, which is out at once', async ({ device, anotherDevice, user, watch }) => {
  watch.allow(ended);
  await device.signUp(user);
  const other = await anotherDevice();
  await other.signIn(user);
  await other.devicesPage.end(other.devicesPage.otherDevices);
  await expect(other.devicesPage.rows).toHaveCount(1);

  // By itself: it is told. To load it anew would meet a page that is leaving.
  await device.signInPage.isShown();
});

test('an open page of an ended device does nothing more', async ({ device, anotherDevice, user, watch }) => {
  watch.allow(ended);
  await device.signUp(user);
  const other = await anotherDevice();
  await other.signIn(user);
  await device.devicesPage.startRenaming(device.devicesPage.thisDevice, 'Too late');
  await other.devicesPage.end(other.devicesPage.otherDevices);
  await expect(other.devicesPage.rows).toHaveCount(1);

  // It may have noticed by itself.
  await device.devicesPage.saveButton.click({ timeout: 2_000 }).catch(() => undefined);
  await device.signInPage.isShown();
  await other.page.reload();
  await expect(other.page.getByText('Too late')).toHaveCount(0);
});

test('ends all other devices and stays', async ({ device, anotherDevice, user, watch }) => {
  watch.allow(ended);
  await device.signUp(user);
  const others = [await anotherDevice(), await anotherDevice()];
  for (const other of others) await other.signIn(user);
  await device.page.reload();
  await expect(device.devicesPage.rows).toHaveCount(3);

  await device.devicesPage.endOthers();
  await expect(device.devicesPage.rows).toHaveCount(1);
  for (const other of others) await other.signInPage.isShown();
  await device.page.reload();
  await expect(device.devicesPage.thisDevice).toHaveCount(1);
});

test('signs out everywhere', async ({ device, anotherDevice, user, watch }) => {
  watch.allow(ended);
  await device.signUp(user);
  const other = await anotherDevice();
  await other.signIn(user);

  await other.devicesPage.endAll();
  await other.signInPage.isShown();
  // By itself: it is told.
  await device.signInPage.isShown();
});

test('asks first, and Cancel ends nothing', async ({ device, anotherDevice, user }) => {
  await device.signUp(user);
  const other = await anotherDevice();
  await other.signIn(user);
  const { devicesPage } = other;
  for (const button of [
    devicesPage.signOutButtonOf(devicesPage.otherDevices),
    devicesPage.signOutOthersButton,
    devicesPage.signOutEverywhereButton,
  ]) {
    await button.click();
    await expect(devicesPage.dialog).toBeVisible();
    await devicesPage.cancel();
    await button.click();
    await other.page.keyboard.press('Escape');
    await expect(devicesPage.dialog).toBeHidden();
  }
  await other.page.reload();
  await expect(devicesPage.rows).toHaveCount(2);
});

test('an end that fails puts the row back and says why', async ({ device, anotherDevice, user, watch }) => {
  watch.allow(/503|Failed to load resource/);
  await device.signUp(user);
  await (await anotherDevice()).signIn(user);
  const { devicesPage, page } = device;
  await expect(devicesPage.rows).toHaveCount(2);
  await page.route('**/auth/sessions/revoke', (route) =>
    route.fulfill({ status: 503, contentType: 'application/problem+json', json: { code: 'unavailable', status: 503 } }),
  );
  await devicesPage.end(devicesPage.otherDevices);
  await expect(page.getByRole('alert')).toContainText('is still signed in.');
  await expect(devicesPage.rows).toHaveCount(2);
  await expect(devicesPage.rows.first()).toContainText('This device');

  await page.unrouteAll();
  await devicesPage.end(devicesPage.otherDevices);
  await expect(devicesPage.rows).toHaveCount(1);
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('gives a device a name', async ({ device, anotherDevice, user }) => {
  await device.signUp(user);
  const { devicesPage } = device;
  await devicesPage.rename(devicesPage.thisDevice, 'Kitchen <b>tablet</b>');
  await expect(devicesPage.thisDevice).toContainText('Kitchen <b>tablet</b>');
  const other = await anotherDevice();
  await other.signIn(user);
  await expect(other.devicesPage.otherDevices).toContainText('Kitchen <b>tablet</b>');
  await expect(other.page.getByRole('button', { name: 'Sign out Kitchen <b>tablet</b>' })).toBeVisible();
});

test('the former name is told, though the list has the new one before the answer', async ({ device, user }) => {
  await device.signUp(user);
  const { page, devicesPage } = device;
  await devicesPage.rename(devicesPage.thisDevice, 'Kitchen');
  await page.route('**/auth/sessions/rename', async (route) => {
    const listed = page.waitForResponse('**/api/sessions');
    const response = await route.fetch();
    await listed;
    await route.fulfill({ response });
  });
  await devicesPage.rename(devicesPage.thisDevice, 'Study');
  await page.getByText('Renamed from Kitchen to Study.').waitFor();
});

test('what is being typed stays, whatever changes elsewhere', async ({ device, anotherDevice, user }) => {
  await device.signUp(user);
  await (await anotherDevice()).signIn(user);
  const { devicesPage, page } = device;
  await expect(devicesPage.rows).toHaveCount(2);
  await devicesPage.startRenaming(devicesPage.otherDevices, 'Grandma');
  await (await anotherDevice()).signIn(user);
  await expect(devicesPage.rows).toHaveCount(3);
  await page.keyboard.type('’s phone');
  await expect(devicesPage.nameField).toHaveValue('Grandma’s phone');
});

test('what is left by itself is not asked about, and the focus goes where it is of use', async ({
  device,
  anotherDevice,
  user,
}) => {
  await device.signUp(user);
  const { devicesPage } = device;
  for (const asked of [false, true]) {
    const other = await anotherDevice();
    await other.signIn(user);
    await expect(devicesPage.rows).toHaveCount(2);
    const button = devicesPage.signOutButtonOf(devicesPage.otherDevices);
    await button.focus();
    if (asked) {
      await button.press('Enter');
      await expect(devicesPage.dialog).toBeVisible();
    }
    await other.devicesPage.signOutButton.click();
    await expect(devicesPage.rows).toHaveCount(1);
    await expect(devicesPage.dialog).toBeHidden();
    await expect(devicesPage.heading).toBeFocused();
  }
});

test('Escape leaves the name as it was', async ({ device, user }) => {
  await device.signUp(user);
  const { devicesPage, page } = device;
  await devicesPage.startRenaming(devicesPage.thisDevice, 'Not this');
  await page.keyboard.press('Escape');
  await expect(devicesPage.nameField).toHaveCount(0);
  await page.reload();
  await expect(page.getByText('Not this')).toHaveCount(0);
});

test('signing in again in the same browser ends what it had', async ({ device, anotherDevice, user }) => {
  await device.signUp(user);
  const other = await anotherDevice();
  await other.signIn(user);
  await other.devicesPage.signOutButton.click();
  await other.signInPage.isShown();
  await other.signIn(user);
  await expect(other.devicesPage.rows).toHaveCount(2);
});

test('chooses several devices and ends them together', async ({ device, anotherDevice, user, watch }) => {
  watch.allow(/Failed to load resource.* 401 .*\/(api|auth)\//);
  await device.signUp(user);
  const others = [await anotherDevice(), await anotherDevice(), await anotherDevice()];
  for (const [place, other] of others.entries()) {
    await other.signIn(user);
    await other.devicesPage.rename(other.devicesPage.thisDevice, `Number ${place}`);
  }
  const { devicesPage, page } = device;
  await expect(devicesPage.rows).toHaveCount(4);
  const rows = devicesPage.rows;
  await devicesPage.select(rows.filter({ hasText: 'Number 0' }), rows.filter({ hasText: 'Number 2' }));
  await expect(devicesPage.thisDevice.getByRole('checkbox')).toHaveCount(0);
  await page.getByRole('button', { name: 'Sign out 2 selected devices' }).click();
  await expect(devicesPage.dialog).toContainText('Sign out 2 devices?');
  await devicesPage.confirm();
  await expect(devicesPage.rows).toHaveCount(2);
  await expect(devicesPage.otherDevices).toContainText('Number 1');
  await others[0]?.signInPage.isShown();
  await others[2]?.signInPage.isShown();
  await others[1]?.page.reload();
  await others[1]?.devicesPage.isShown();
});

test('says when the device is offline, and when it is back', async ({ device, user, watch }) => {
  // What the page was just asking for.
  watch.allow(/ERR_INTERNET_DISCONNECTED/);
  await device.signUp(user);
  await device.context.setOffline(true);
  await expect(device.page.getByText('You are offline.')).toBeVisible();
  await device.context.setOffline(false);
  await expect(device.page.getByText('You are offline.')).toHaveCount(0);
  await expect(device.devicesPage.rows).toHaveCount(1);
});

test('where the code that asks first cannot be had, a page asks', async ({ device, anotherDevice, user, watch }) => {
  watch.allow(/Failed to (load resource|fetch)|split_dialogs/);
  await device.signUp(user);
  const other = await anotherDevice();
  await other.signIn(user);
  await other.page.route('**/split_dialogs*', (route) => route.abort());
  const theirs = other.devicesPage.signOutButtonOf(other.devicesPage.otherDevices);
  await theirs.click();
  await expect(other.page.getByRole('heading', { name: /^Sign out Chrom(e|ium) on Linux\?$/ })).toBeVisible();
  await other.page.getByRole('link', { name: 'Cancel' }).click();
  await other.devicesPage.isShown();
  await expect(other.devicesPage.rows).toHaveCount(2);
  await other.devicesPage.endByPage(theirs);
  await expect(other.devicesPage.rows).toHaveCount(1);
  await expect(other.page.getByText(/^Chrom(e|ium) on Linux is signed out\.$/)).toBeVisible();
  await device.signInPage.isShown();
});

test('ending a device far down leaves the page where it is, and says what was done or was not', async ({
  device,
  anotherDevice,
  user,
  watch,
}) => {
  watch.allow(/503|Failed to load resource/);
  const { page, devicesPage } = device;
  await device.signUp(user);
  for (const other of [await anotherDevice(), await anotherDevice(), await anotherDevice()]) {
    await other.signIn(user);
    await other.page.close();
  }
  await page.setViewportSize({ width: 390, height: 400 });
  await expect(devicesPage.rows).toHaveCount(4);
  await devicesPage.signOutButtonOf(devicesPage.rows.last()).click();
  await devicesPage.dialog.waitFor();
  const before = await page.evaluate(() => scrollY);
  expect(before).toBeGreaterThan(100);
  await devicesPage.confirm();
  await expect(page.getByText(/^Chrom(e|ium) on Linux is signed out\.$/)).toBeInViewport();
  await expect(devicesPage.rows).toHaveCount(3);
  await expect(devicesPage.heading).toBeFocused();
  expect(await page.evaluate(() => scrollY)).toBeGreaterThan(100);

  await page.route('**/auth/sessions/revoke', (route) => route.fulfill({ status: 503 }));
  await devicesPage.end(devicesPage.rows.last());
  await expect(page.getByRole('alert')).toBeInViewport();
  await expect(devicesPage.rows).toHaveCount(3);
});
