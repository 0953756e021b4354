import { readFile } from 'node:fs/promises';
import { call, type Tokens } from '../fixtures/api.ts';
import { AccountPage } from '../pages/account.ts';
import { expect, test } from '../fixtures/test.ts';

const refused = /Failed to load resource.* 4(01|22) .*\/(api|auth)\//;

test('a changed password ends the other devices and is the one that counts', async ({
  device,
  anotherDevice,
  user,
  watch,
}) => {
  watch.allow(refused);
  await device.signUp(user);
  const other = await anotherDevice();
  await other.signIn(user);
  await device.page.getByRole('link', { name: 'Account' }).click();
  const account = new AccountPage(device.page);
  await account.isShown();

  await account.changePassword('not the right password', 'an entirely new password');
  await expect(account.problem).toHaveText('The password is wrong.');
  await account.changePassword(user.password, 'short');
  await expect(account.problem).toContainText('too short');
  await account.changePassword(user.password, user.password);
  await expect(account.problem).toHaveText('This is the password that you have now. Choose another.');
  await account.changePassword(user.password, 'an entirely new password');
  await expect(account.done).toBeVisible();
  await expect(account.newPassword).toHaveValue('');

  await other.signInPage.isShown();
  await expect(other.signInPage.error).toContainText('because the password was changed');
  await other.signIn({ ...user, password: 'an entirely new password' });
});

test('downloads what is kept', async ({ device, user }) => {
  await device.signUp(user);
  const account = new AccountPage(device.page);
  await account.open();
  const download = device.page.waitForEvent('download');
  await device.page.getByRole('button', { name: 'Download' }).click();
  const file = await (await download).path();
  const kept = JSON.parse(await readFile(file, 'utf8'));
  expect(kept.account.username).toBe(user.username);
  expect(kept.sessions).toHaveLength(1);
  expect(kept.activity.map(({ kind }: { kind: string }) => kind)).toEqual(['signed_in', 'signed_up']);
});

test('deletes the account, with the password', async ({ device, user, watch }) => {
  watch.allow(refused);
  await device.signUp(user);
  const account = new AccountPage(device.page);
  await account.open();
  await account.deleteAccount('not the right password');
  await expect(account.problem).toHaveText('The password is wrong.');
  await account.deleteAccount(user.password);
  await device.signInPage.isShown();
  await expect(device.page.getByText('Your account is deleted.')).toBeVisible();
  await device.signInPage.submit(user);
  await expect(device.signInPage.error).toBeVisible();
});

test('shows what happened, and filters it', async ({ device, anotherDevice, user, watch }) => {
  watch.allow(refused);
  await device.signUp(user);
  const other = await anotherDevice();
  await other.signInPage.open();
  await other.signInPage.submit({ ...user, password: 'not the right password' });
  await other.signInPage.error.waitFor();
  const { page } = device;
  const events = page.getByRole('list', { name: 'Your activity' }).getByRole('listitem');
  await expect(async () => {
    await page.goto('/activity');
    await expect(events).toHaveCount(3, { timeout: 500 });
  }).toPass();
  await expect(events.first()).toContainText('A wrong password was entered');
  await page.getByRole('link', { name: 'Warnings' }).click();
  await expect(events).toHaveCount(1);
  await expect(page).toHaveURL(/show=warnings/);
  await page.goBack();
  await expect(events).toHaveCount(3);
  await expect(events.filter({ hasText: 'Signed in' }).getByRole('link', { name: 'This wasn’t me' })).toHaveCount(0);
  await events.first().getByRole('link', { name: 'This wasn’t me' }).click();
  await new AccountPage(page).isShown();
  await expect(page.getByText('None of these passwords was right.')).toBeVisible();
});

test.describe('a reader in Tokyo', () => {
  test.use({ timezoneId: 'Asia/Tokyo', locale: 'en-GB' });

  test('sees on which day, at what time and on which device something happened', async ({ device, anotherDevice, user }) => {
    await device.signUp(user);
    const other = await anotherDevice({ timezoneId: 'Asia/Tokyo' });
    await other.signIn(user);
    const { page } = device;
    await page.goto('/activity');
    const events = page.getByRole('list', { name: 'Your activity' }).getByRole('listitem');
    await expect(events).toHaveCount(3);
    await expect(page.getByRole('heading', { level: 2 }).first()).toHaveText('Today');
    const theirs = events.first();
    const written = await theirs.getByRole('time').first().evaluate((time: HTMLTimeElement) => time.dateTime);
    const there = new Date(written).toLocaleTimeString('en-GB', { timeZone: 'Asia/Tokyo', timeStyle: 'short' });
    await expect(theirs.getByRole('time').first()).toHaveText(there);
    await expect(theirs).not.toContainText('This device');
    await expect(events.filter({ hasText: 'This device' })).toHaveCount(1);
    await theirs.getByRole('link', { name: /^Chrom(e|ium) on Linux$/ }).click();
    await device.devicesPage.isShown();
    await expect(device.devicesPage.otherDevices).toHaveCSS('background-color', 'rgb(225, 238, 231)');
    await expect(device.devicesPage.otherDevices).toBeInViewport();
  });

  test('finds their own typing errors told as such', async ({ device, anotherDevice, user, watch }) => {
    watch.allow(refused);
    await device.signUp(user);
    const other = await anotherDevice();
    for (const _ of [1, 2]) {
      await other.signInPage.open();
      await other.signInPage.submit({ ...user, password: 'not the right password' });
      await other.signInPage.error.waitFor();
    }
    const { page } = device;
    const events = page.getByRole('list', { name: 'Your activity' }).getByRole('listitem');
    const showsFirst = (words: string) =>
      expect(async () => {
        await page.goto('/activity');
        await expect(events.first()).toContainText(words, { timeout: 500 });
      }).toPass();
    await showsFirst('2 wrong passwords were entered');
    await other.signIn(user);
    await showsFirst('2 wrong passwords, then signed in');
    await expect(events).toHaveCount(3);
    await page.goto('/activity?show=warnings');
    await expect(page.getByText('No events.')).toBeVisible();
  });
});

test('says to which device something was done', async ({ device, anotherDevice, user, watch }) => {
  watch.allow(refused);
  await device.signUp(user);
  const other = await anotherDevice();
  await other.signIn(user);
  const { page, devicesPage } = device;
  await expect(devicesPage.rows).toHaveCount(2);
  await devicesPage.rename(devicesPage.otherDevices, 'Kitchen');
  await devicesPage.end(devicesPage.otherDevices);
  await other.signInPage.isShown();
  await page.goto('/activity');
  const events = page.getByRole('list', { name: 'Your activity' }).getByRole('listitem');
  await expect(events.nth(0)).toContainText('Kitchen was signed out');
  await expect(events.nth(1)).toContainText(/Chrom(e|ium) on Linux was renamed to Kitchen/);
  await expect(events.nth(1)).toContainText(/from Chrom(e|ium) on Linux\s*This device/);

  await other.signIn(user);
  await other.devicesPage.rename(other.devicesPage.thisDevice, 'Kitchen again');
  const account = new AccountPage(page);
  await account.open();
  await account.changePassword(user.password, 'another password of mine');
  await account.done.waitFor();
  await other.signInPage.isShown();
  await page.goto('/activity');
  await expect(events.filter({ hasText: 'Kitchen again was signed out: the password was changed' })).toHaveCount(1);
});

test('leads to what happened earlier, and back', async ({ device, server, user }) => {
  await device.signUp(user);
  // With the sign-up, more than a page.
  for (let times = 0; times < 25; times += 1) {
    const { accessToken: bearer } = (await (await call(server, '/auth/login', { json: user })).json()) as Tokens;
    expect((await call(server, '/auth/logout', { method: 'POST', bearer })).status).toBe(204);
  }
  const { page } = device;
  const events = page.getByRole('list', { name: 'Your activity' }).getByRole('listitem');
  await page.goto('/activity');
  await expect(events).toHaveCount(50);
  await page.getByRole('link', { name: 'Older' }).click();
  await expect(events).toHaveCount(2);
  await expect(events.last()).toContainText('Account created');
  await page.getByRole('link', { name: 'Newest' }).click();
  await expect(events).toHaveCount(50);
});

test('what somebody else did can be ended, and leads to a new password', async ({ device, anotherDevice, user, watch }) => {
  watch.allow(refused);
  await device.signUp(user);
  const other = await anotherDevice();
  await other.signIn(user);
  const { page } = device;
  await page.goto('/activity');
  const theirs = page.getByRole('list', { name: 'Your activity' }).getByRole('listitem').first();
  await theirs.getByRole('button', { name: 'This wasn’t me' }).click();
  // It asks first, and may be left.
  await expect(page.getByRole('heading', { level: 1, name: 'If it wasn’t you' })).toBeVisible();
  await page.getByRole('link', { name: 'Cancel' }).click();
  await expect(theirs).toBeVisible();
  await other.devicesPage.open();

  await page.goto('/devices');
  await device.devicesPage.otherDevices.getByRole('button', { name: /^This wasn’t me/ }).click();
  await page.getByRole('button', { name: /^Sign out Chrom(e|ium) on Linux$/ }).click();
  await other.signInPage.isShown();
  await new AccountPage(page).isShown();
  await expect(page.getByText('That device is signed out. Now choose a new password')).toBeVisible();
  // Their session is over now, and there is nothing left to end.
  await page.goto('/activity');
  await expect(page.getByRole('listitem').filter({ hasText: 'Signed in' }).first()).toBeVisible();
  await expect(page.getByRole('button', { name: 'This wasn’t me' })).toHaveCount(0);
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('changes the password, and shows the activity', async ({ device, user, watch }) => {
    watch.allow(refused);
    await device.signUp(user);
    const account = new AccountPage(device.page, false);
    await account.open();
    await account.changePassword('not the right password', 'an entirely new password');
    await expect(account.problem).toHaveText('The password is wrong.');
    await account.changePassword(user.password, 'an entirely new password');
    await account.isShown();
    await expect(account.problem).toHaveCount(0);
    await device.page.goto('/activity');
    await expect(device.page.getByText('Password changed')).toBeVisible();
  });
});
