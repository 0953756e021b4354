import type { Locator } from '@playwright/test';
import { expect, test } from '../fixtures/test.ts';

/** Whether two things that are seen lie over each other. */
async function overlap(one: Locator, other: Locator) {
  const [a, b] = [await one.boundingBox(), await other.boundingBox()];
  if (!a || !b) throw new Error('one of them is not there');
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

test('two messages in a second are both read, each is closed by itself, and one leads on', async ({
  device,
  anotherDevice,
  user,
}) => {
  await device.signUp(user);
  const { devicesPage, page } = device;
  await Promise.all([await anotherDevice(), await anotherDevice()].map((other) => other.signIn(user)));
  await expect(devicesPage.rows).toHaveCount(3);
  await expect(devicesPage.messages).toHaveText([/has just signed in/, /has just signed in/]);
  await devicesPage.messages.first().getByRole('button', { name: 'Close' }).click();
  await expect(devicesPage.messages).toHaveCount(1);
  await expect(devicesPage.heading).toBeFocused();
  await devicesPage.messages.getByText('Not you?').click();
  await expect(page).not.toHaveURL((url) => url.pathname === devicesPage.path);
  await expect(page.getByRole('button', { name: 'Sign out', exact: true })).toBeVisible();
});

test('a message covers no button of the page', async ({ device, anotherDevice, user }) => {
  await device.signUp(user);
  const { devicesPage } = device;
  for (const other of [await anotherDevice(), await anotherDevice()]) {
    await other.signIn(user);
    await other.page.close();
  }
  await expect(devicesPage.rows).toHaveCount(3);
  await devicesPage.open();
  await devicesPage.signOutEverywhereButton.scrollIntoViewIfNeeded();
  await devicesPage.end(devicesPage.otherDevices.first());
  await expect(devicesPage.messages).toHaveText([/is signed out/]);
  await expect(devicesPage.messages).toBeInViewport();
  for (const button of [devicesPage.signOutOthersButton, devicesPage.signOutEverywhereButton]) {
    await button.scrollIntoViewIfNeeded();
    expect(await overlap(devicesPage.messages, button)).toBe(false);
    await expect(devicesPage.messages).toBeInViewport();
  }
});

test('a message waits until no dialog is open', async ({ device, anotherDevice, user }) => {
  await device.signUp(user);
  const { devicesPage } = device;
  await (await anotherDevice()).signIn(user);
  await expect(devicesPage.messages).toHaveCount(1);
  await devicesPage.signOutOthersButton.click();
  await expect(devicesPage.dialog).toBeVisible();
  await expect(devicesPage.messages).toBeHidden();
  await (await anotherDevice()).signIn(user);
  await expect(devicesPage.rows).toHaveCount(3);
  await expect(devicesPage.messages).toHaveCount(1);
  await devicesPage.cancel();
  await expect(devicesPage.messages).toHaveCount(2);
  await expect(devicesPage.messages.last()).toBeVisible();
});

test.describe('at a zoom of 400 %', () => {
  test.use({ viewport: { width: 320, height: 200 }, isMobile: false });

  test('a dialog shows what has the focus, and a message does not cover the title', async ({ device, anotherDevice, user }) => {
    await device.signUp(user);
    const { devicesPage, page } = device;
    const other = await anotherDevice();
    await other.signIn(user);
    await other.page.close();
    await expect(devicesPage.rows).toHaveCount(2);
    for (const [open, title] of [
      [devicesPage.signOutEverywhereButton, 'Sign out everywhere?'],
      [devicesPage.signOutButtonOf(devicesPage.otherDevices), /^Sign out Chrom(e|ium) on Linux\?$/],
    ] as const) {
      await open.click();
      const cancel = devicesPage.dialog.getByRole('button', { name: 'Cancel' });
      await expect(cancel).toBeFocused();
      await expect(cancel).toBeInViewport({ ratio: 1 });
      await expect(devicesPage.dialog.getByRole('heading', { name: title })).toBeInViewport({ ratio: 0.5 });
      await devicesPage.cancel();
    }
    await devicesPage.end(devicesPage.otherDevices);
    const done = devicesPage.messages.filter({ hasText: 'is signed out' });
    await expect(done).toBeInViewport();
    expect(await overlap(done, devicesPage.heading)).toBe(false);
    await expect(page.getByRole('status').filter({ has: done })).toHaveCount(1);
  });
});
